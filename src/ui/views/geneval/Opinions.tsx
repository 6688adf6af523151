import { Panel } from "../../components/Panel.tsx";
import { ShareBar } from "../../components/ShareBar.tsx";
import { JUDGING_WORDS } from "../../text/judging.ts";
import styles from "./Opinions.module.css";
import { compareOpinions } from "./promptRows.ts";
import type { Contestant } from "./useContest.ts";

function Dial({ label, share, isJudge }: { label: string; share: number | null; isJudge: boolean }) {
  return (
    <div className={styles.measure}>
      <dt>{label}</dt>
      <dd>
        <ShareBar value={share ?? 0} whole={1} isAccent={isJudge} />
        <strong>{share === null ? "–" : share.toFixed(2)}</strong>
      </dd>
    </div>
  );
}

function Opinion({ contestant }: { contestant: Contestant }) {
  const { letter, name, judged } = contestant;
  const opinions = compareOpinions(judged?.images ?? []);
  return (
    <div className={styles.opinion}>
      <h3 className={styles.who}>
        <span className={styles.letter}>{letter}</span> {name}
      </h3>
      <dl className={styles.measures}>
        <Dial label={JUDGING_WORDS.selfReward} share={opinions?.reward ?? null} isJudge={false} />
        <Dial label={JUDGING_WORDS.selfJudge} share={opinions?.correct ?? null} isJudge />
      </dl>
      <p className={styles.gap}>
        {opinions ? JUDGING_WORDS.selfGap(opinions.reward - opinions.correct) : ""}
      </p>
    </div>
  );
}

/** Self-reward apart from the judge's score. */
export function Opinions({ contestants }: { contestants: readonly Contestant[] }) {
  return (
    <Panel title={JUDGING_WORDS.self}>
      <p className={styles.story}>{JUDGING_WORDS.selfStory}</p>
      <div className={styles.opinions}>
        {contestants.map((contestant) => (
          <Opinion key={contestant.letter} contestant={contestant} />
        ))}
      </div>
    </Panel>
  );
}
