import { PRESENT_WORDS } from "../../text/presenting.ts";
import { useLive, usePage, usePlayback, usePlayground, useRun } from "../../usePlayground.ts";
import { keysOf } from "./cues.ts";
import { isBroken } from "./presenter.ts";
import styles from "./StageHead.module.css";
import { useCue } from "./usePresenter.ts";

/** Recorded or live, said at a glance; pressed, it shows the other. */
function SourceBadge() {
  const { source } = usePlayground();
  const cue = useCue();
  const hasFailed = useLive(isBroken);
  const isTraining = useLive((run) => run.state === "running" || run.state === "pausing");
  const isRecorded = source === "recorded";
  const recorded = hasFailed ? PRESENT_WORDS.fellBack : PRESENT_WORDS.recorded;
  return (
    <button
      type="button"
      className={styles.badge}
      data-source={source}
      title={isRecorded ? PRESENT_WORDS.showLive : PRESENT_WORDS.showRecorded}
      aria-keyshortcuts={keysOf("source")[0]}
      onClick={() => cue("source")}
    >
      <span className={styles.dot} data-on={(!isRecorded && isTraining) || undefined} aria-hidden="true" />
      {isRecorded ? recorded : PRESENT_WORDS.live}
    </button>
  );
}

/** What is shown: which lesson, which step, recorded or live. */
export function StageHead() {
  const { source } = usePlayground();
  const lesson = usePage((page) => page.lesson.title);
  const step = useRun((run) => run.activeStep ?? run.step);
  const steps = usePlayback((playback) => playback.header?.steps ?? 0);
  return (
    <header className={styles.head}>
      <p className={styles.lesson}>{lesson}</p>
      <p className={styles.step}>
        {PRESENT_WORDS.step(step)}
        {source === "recorded" && steps > 0 ? (
          <span className={styles.of}>{PRESENT_WORDS.ofSteps(steps)}</span>
        ) : null}
      </p>
      <SourceBadge />
    </header>
  );
}
