import { useEffect, useState } from "react";
import type { RecordingEntry } from "../../../protocol/recording.ts";
import { Panel } from "../../components/Panel.tsx";
import { PushButton } from "../../components/PushButton.tsx";
import { findLesson } from "../../lessons/lessons.ts";
import { formatBytes, formatClock } from "../../text/numbers.ts";
import { RUNS_WORDS } from "../../text/words.ts";
import { useLive, usePlayground } from "../../usePlayground.ts";
import styles from "./RunsView.module.css";

/** The list of recordings; null while it is on its way, "unreadable" when it does not come. */
function useRecordings(): readonly RecordingEntry[] | "unreadable" | null {
  const { page } = usePlayground();
  const [runs, setRuns] = useState<readonly RecordingEntry[] | "unreadable" | null>(null);
  useEffect(() => {
    let isGone = false;
    const show = (found: readonly RecordingEntry[] | "unreadable") => {
      if (!isGone) setRuns(found);
    };
    page.listRecordings().then(show, () => show("unreadable"));
    return () => {
      isGone = true;
    };
  }, [page]);
  return runs;
}

function Recording({ run }: { run: RecordingEntry }) {
  const { page } = usePlayground();
  const lesson = findLesson(run.lesson ?? "");
  const play = () => {
    if (!lesson) return;
    void page.openLesson(lesson);
    page.navigate("train");
  };
  return (
    <li className={styles.run}>
      <div className={styles.words}>
        <h3 className={styles.name}>{run.title}</h3>
        <p className={styles.story}>{lesson?.story[0]}</p>
      </div>
      <p className={styles.facts}>
        {RUNS_WORDS.steps(run.steps)} · {formatBytes(run.bytes)}
      </p>
      <PushButton icon="play" isDisabled={lesson === null} onPress={play}>
        {RUNS_WORDS.open}
      </PushButton>
    </li>
  );
}

function Recordings() {
  const runs = useRecordings();
  return (
    <Panel title={RUNS_WORDS.recordedTitle}>
      <p className={styles.about}>{RUNS_WORDS.recordedStory}</p>
      {runs === null || runs === "unreadable" ? (
        <p className={styles.about}>{runs === null ? RUNS_WORDS.loading : RUNS_WORDS.unreadable}</p>
      ) : (
        <ul className={styles.list}>
          {runs.map((run) => (
            <Recording key={run.id} run={run} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

/** Saved runs are the worker's to list; until it is open there is one sentence and a way on. */
function Kept() {
  const { page } = usePlayground();
  const offer = useLive((run) => run.resumeOffer);
  const isReady = useLive((run) => run.opening === "ready");
  const goToLive = () => {
    void page.show("live");
    page.navigate("train");
  };
  return (
    <Panel title={RUNS_WORDS.keptTitle}>
      {offer ? (
        <div className={styles.run}>
          <div className={styles.words}>
            <h3 className={styles.name}>{offer.runId}</h3>
          </div>
          <p className={styles.facts}>
            {RUNS_WORDS.steps(offer.step)} · {formatBytes(offer.sizeBytes)} · {formatClock(offer.savedAtMs)}
          </p>
          <PushButton onPress={goToLive}>{RUNS_WORDS.open}</PushButton>
        </div>
      ) : (
        <div className={styles.none}>
          <p>
            {RUNS_WORDS.keptStory} {isReady ? "" : RUNS_WORDS.keptLoad}
          </p>
          <PushButton onPress={goToLive}>{RUNS_WORDS.keptAction}</PushButton>
        </div>
      )}
    </Panel>
  );
}

/** What there is to look at: the recordings that ship, and the runs this browser keeps. */
export function RunsView() {
  return (
    <div className={styles.view}>
      <Recordings />
      <Kept />
    </div>
  );
}
