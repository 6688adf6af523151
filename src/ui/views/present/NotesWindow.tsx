import { useEffect, useState } from "react";
import { createPortal } from "react-dom";
import { type Beat, beatAt } from "../../beats.ts";
import { formatElapsed } from "../../text/numbers.ts";
import { PRESENT_WORDS } from "../../text/presenting.ts";
import { useRun } from "../../usePlayground.ts";
import { NoteWords } from "./Notes.tsx";
import styles from "./NotesWindow.module.css";
import { useNotesWindow } from "./usePresenter.ts";

/** How long the window has been open. */
function Clock() {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const startMs = performance.now();
    const timer = setInterval(() => setSeconds(Math.floor((performance.now() - startMs) / 1000)), 1000);
    return () => clearInterval(timer);
  }, []);
  return <time className={styles.clock}>{formatElapsed(seconds)}</time>;
}

function Contents({ beat }: { beat: Beat }) {
  const images = useRun((run) => run.config?.groupSize ?? 8);
  const step = useRun((run) => run.activeStep ?? run.step);
  const next = beatAt(beat, 1);
  return (
    <main className={styles.window}>
      <header className={styles.head}>
        <p>{PRESENT_WORDS.step(step)}</p>
        <Clock />
      </header>
      <h1 className={styles.now}>{PRESENT_WORDS.headlines[beat](images)}</h1>
      <div className={styles.words}>
        <NoteWords beat={beat} />
      </div>
      <p className={styles.next}>
        {next === beat
          ? PRESENT_WORDS.lastBeat
          : PRESENT_WORDS.nextBeat(PRESENT_WORDS.headlines[next](images))}
      </p>
    </main>
  );
}

/** The notes on a second screen: what is shown, what to say, what comes, and how long it takes. */
export function NotesWindow({ beat }: { beat: Beat }) {
  const body = useNotesWindow();
  return body ? createPortal(<Contents beat={beat} />, body) : null;
}
