import { useEffect, useState } from "react";
import type { RecordingEntry } from "../../../protocol/recording.ts";
import { Panel } from "../../components/Panel.tsx";
import { PushButton } from "../../components/PushButton.tsx";
import { findLesson } from "../../lessons/lessons.ts";
import { formatBytes } from "../../text/numbers.ts";
import { RECORDED_WORDS } from "../../text/runs.ts";
import { usePlayground } from "../../usePlayground.ts";
import styles from "./Recordings.module.css";

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
        {RECORDED_WORDS.steps(run.steps)} · {formatBytes(run.bytes)}
      </p>
      <PushButton icon="play" isDisabled={lesson === null} onPress={play}>
        {RECORDED_WORDS.play}
        <span className="visuallyHidden"> {run.title}</span>
      </PushButton>
    </li>
  );
}

/** The runs that ship with the page. */
export function Recordings() {
  const runs = useRecordings();
  return (
    <Panel title={RECORDED_WORDS.title}>
      <p className={styles.about}>{RECORDED_WORDS.story}</p>
      {runs === null || runs === "unreadable" ? (
        <p className={styles.about}>{runs === null ? RECORDED_WORDS.looking : RECORDED_WORDS.unreadable}</p>
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
