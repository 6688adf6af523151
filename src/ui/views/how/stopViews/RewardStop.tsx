import { Icon } from "../../../components/Icon.tsx";
import { HOW_WORDS, REWARD_WORDS } from "../../../text/how.ts";
import { GroupStrip } from "../GroupStrip.tsx";
import { Over, Term } from "../lights.tsx";
import { StopFrame } from "../StopFrame.tsx";
import styles from "./RewardStop.module.css";
import { ChosenPicture, Note, Said, Stage, Talk } from "./Stage.tsx";
import type { StopProps } from "./stopProps.ts";

const TERMS = REWARD_WORDS.terms;

const FORMULA = (
  <>
    <Term name="reward">
      <i>r</i>
    </Term>{" "}
    ={" "}
    <Over
      top={
        <Term name="earned">
          <i>e</i>
        </Term>
      }
      bottom={
        <Term name="possible">
          <i>m</i>
        </Term>
      }
    />
  </>
);

type Part = NonNullable<StopProps["study"]["group"]["judged"]["parts"][number]>[number];

function Parts({ parts }: { parts: readonly Part[] }) {
  return (
    <ul className={styles.parts} aria-label={REWARD_WORDS.parts}>
      {parts.map(({ label, earned, possible }) => (
        <li key={label} className={earned >= possible ? styles.earned : styles.missed} data-term="earned">
          <Icon name={earned >= possible ? "good" : "close"} size={18} />
          <span>{label}</span>
          <span className={styles.point}>{REWARD_WORDS.part(earned, possible)}</span>
        </li>
      ))}
    </ul>
  );
}

/** What the answer's points are for. */
export function RewardStop({ study, onStop }: StopProps) {
  const { group, image } = study;
  const parts = group.judged.parts[image] ?? [];
  const reward = group.judged.rewards[image] ?? 0;
  const earned = parts.reduce((sum, part) => sum + part.earned, 0);
  const possible = parts.reduce((sum, part) => sum + part.possible, 0);
  const isMixed = study.config.questionsPerImage > 1 || study.config.frozenJudge > 0;
  const readings = [
    { term: "earned", symbol: "e", words: TERMS.earned, value: String(earned) },
    { term: "possible", symbol: "m", words: TERMS.possible, value: String(possible) },
    { term: "reward", symbol: "r", words: TERMS.reward, value: reward.toFixed(2) },
  ];
  return (
    <StopFrame stop="reward" study={study} onStop={onStop} formula={FORMULA} readings={readings}>
      <Stage picture={<ChosenPicture study={study} />}>
        <Talk>
          <Said study={study} />
          <div>
            <dt>{HOW_WORDS.gold}</dt>
            <dd>{group.drawn.gold}</dd>
          </div>
        </Talk>
        <Parts parts={parts} />
      </Stage>
      <GroupStrip study={study} caption={(at) => (group.judged.rewards[at] ?? 0).toFixed(2)} />
      {isMixed ? <Note>{REWARD_WORDS.mixed}</Note> : null}
    </StopFrame>
  );
}
