import { useState } from "react";
import { estimateShare } from "../../../engine/eval/interval.ts";
import { Panel } from "../../components/Panel.tsx";
import { PushButton } from "../../components/PushButton.tsx";
import { saveFile } from "../../sharing/saveFile.ts";
import type { Contender, Pair } from "../../stores/arenaStore.ts";
import type { Vote } from "../../stores/votesStore.ts";
import { ARENA_WORDS, describeTally, formatInterval, formatVotes, nameOf } from "../../text/arena.ts";
import { saidSaved } from "../../text/sharing.ts";
import { usePlayground, useVotes } from "../../usePlayground.ts";
import { IntervalBar } from "./IntervalBar.tsx";
import styles from "./TallyPanel.module.css";
import { listTallies, type Tally, tallyVotes, votesBetween } from "./tally.ts";
import { writeVotesCsv } from "./votesCsv.ts";

/** The latest are shown; the file has all. */
const MOST_MEETINGS = 5;

/** What the votes say of those who meet now: of a recorded pair all recorded ones, as each lesson has only a few. */
function tallyOf(votes: readonly Vote[], source: Pair["origin"], pair: Pair | null): Tally | null {
  if (source === "recorded") return tallyVotes(votes.filter(({ origin }) => origin === "recorded"));
  return pair ? tallyVotes(votesBetween(votes, pair.contenders)) : null;
}

/** Who beats whom, without the steps where all recordings are counted together. */
function describeMeeting({ contenders }: Tally, isRecorded: boolean): string {
  const [first, second] = contenders;
  const name = (contender: Contender) => (isRecorded ? contender.name : nameOf(contender));
  return ARENA_WORDS.wins(name(second), name(first));
}

/** Before the first vote the rate may be anything, and the interval says so. */
function Headline({ tally, isRecorded }: { tally: Tally | null; isRecorded: boolean }) {
  const share = tally?.share ?? estimateShare(0, 0);
  const isDecided = share.count > 0;
  return (
    <div className={styles.headline}>
      <p className={styles.rate}>
        <span className={styles.big}>{isDecided ? `${Math.round(share.mean * 100)} %` : "–"}</span>
        <span>{tally ? describeMeeting(tally, isRecorded) : ARENA_WORDS.noVotes}</span>
      </p>
      <IntervalBar {...share} />
      <p className={styles.ends} aria-hidden="true">
        <span>0 %</span>
        <span>50 %</span>
        <span>100 %</span>
      </p>
      <p className={styles.interval}>{ARENA_WORDS.interval(share.low, share.high)}</p>
      <p className={styles.facts}>{tally ? describeTally(tally) : ARENA_WORDS.noRate}</p>
    </div>
  );
}

function Meeting({ tally }: { tally: Tally }) {
  const [first, second] = tally.contenders;
  const { share } = tally;
  return (
    <li className={styles.meeting}>
      <span className={styles.title}>{tally.title}</span>
      <span className={styles.number}>{share.count > 0 ? formatInterval(share) : "–"}</span>
      <span className={styles.who}>{ARENA_WORDS.against(nameOf(second), nameOf(first))}</span>
      <span className={styles.number}>{formatVotes(tally.total, tally.blind)}</span>
    </li>
  );
}

function Keep({ votes }: { votes: readonly Vote[] }) {
  const { stores, sharing } = usePlayground();
  const [isAsking, setAsking] = useState(false);
  const save = () => {
    const file = { name: "unirl-votes.csv", blob: new Blob([writeVotesCsv(votes)], { type: "text/csv" }) };
    saveFile(file);
    sharing.store.setState({ notice: { kind: "done", words: saidSaved(file.name, file.blob.size) } });
  };
  const clear = () => {
    setAsking(false);
    stores.votes.setState({ votes: [] });
  };
  if (isAsking) {
    return (
      <div className={styles.keep}>
        <p>{ARENA_WORDS.clearAsk(votes.length)}</p>
        <PushButton onPress={clear}>{ARENA_WORDS.clearYes}</PushButton>
        <PushButton kind="quiet" onPress={() => setAsking(false)}>
          {ARENA_WORDS.clearNo}
        </PushButton>
      </div>
    );
  }
  return (
    <div className={styles.keep}>
      <PushButton icon="save" isDisabled={votes.length === 0} onPress={save}>
        {ARENA_WORDS.export}
      </PushButton>
      <PushButton kind="quiet" isDisabled={votes.length === 0} onPress={() => setAsking(true)}>
        {ARENA_WORDS.clear}
      </PushButton>
    </div>
  );
}

/** The rate with its interval, all meetings so far, and the votes to take away or forget. */
export function TallyPanel({ pair }: { pair: Pair | null }) {
  const { source } = usePlayground();
  const votes = useVotes((view) => view.votes);
  const tally = tallyOf(votes, source, pair);
  const tallies = listTallies(votes);
  return (
    <Panel title={ARENA_WORDS.votes} className={styles.panel}>
      <Headline tally={tally} isRecorded={source === "recorded"} />
      {tallies.length > 1 ? (
        <ul className={styles.meetings} aria-label={ARENA_WORDS.meetings}>
          {tallies.slice(0, MOST_MEETINGS).map((each) => (
            <Meeting key={each.contenders.map(({ key }) => key).join(" ")} tally={each} />
          ))}
        </ul>
      ) : null}
      <Keep votes={votes} />
      <p className={styles.kept}>{ARENA_WORDS.kept}</p>
    </Panel>
  );
}
