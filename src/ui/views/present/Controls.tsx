import { playPause } from "../../actions/playPause.ts";
import { BEATS } from "../../beats.ts";
import type { IconName } from "../../components/Icon.tsx";
import { PushButton } from "../../components/PushButton.tsx";
import { PRESENT_WORDS } from "../../text/presenting.ts";
import { usePage, usePlayground, useRun } from "../../usePlayground.ts";
import styles from "./Controls.module.css";
import { type CueId, keysOf } from "./cues.ts";
import { useCue, useIsFullScreen } from "./usePresenter.ts";

function CueButton({ cue: id, icon }: { cue: CueId; icon: IconName }) {
  const cue = useCue();
  return (
    <PushButton icon={icon} kind="quiet" isIconOnly shortcut={keysOf(id)[0]} onPress={() => cue(id)}>
      {PRESENT_WORDS.cues[id]}
    </PushButton>
  );
}

/** Where the talk is, and the way to any beat. */
function Dots() {
  const { page } = usePlayground();
  const present = usePage(({ beat }) => beat);
  return (
    <ol className={styles.dots}>
      {BEATS.map((beat, at) => (
        <li key={beat}>
          <button
            type="button"
            className={styles.dot}
            aria-label={`${PRESENT_WORDS.beatOf(at + 1, BEATS.length)}: ${PRESENT_WORDS.names[beat]}`}
            aria-current={beat === present ? "step" : undefined}
            onClick={() => page.store.setState({ beat })}
          />
        </li>
      ))}
    </ol>
  );
}

function PlayButton() {
  const playground = usePlayground();
  const isRunning = useRun((run) => run.state === "running" || run.state === "pausing");
  useRun((run) => `${run.state} ${run.runId}`);
  return (
    <PushButton
      icon={isRunning ? "pause" : "play"}
      kind="quiet"
      isIconOnly
      shortcut="Space"
      isDisabled={!playPause.isEnabled(playground)}
      onPress={() => playPause.run(playground)}
    >
      {playPause.label(playground)}
    </PushButton>
  );
}

/** All that keys do, for a pointer. In full screen they go when the pointer rests. */
export function Controls() {
  const isFullScreen = useIsFullScreen();
  return (
    <nav className={styles.controls} aria-label="Presentation">
      <div className={styles.group}>
        <CueButton cue="back" icon="left" />
        <Dots />
        <CueButton cue="next" icon="right" />
      </div>
      <div className={styles.group}>
        <PlayButton />
        <CueButton cue="black" icon="black" />
        <CueButton cue="notes" icon="notes" />
        <CueButton cue="fullScreen" icon={isFullScreen ? "leaveFullScreen" : "fullScreen"} />
        <CueButton cue="keys" icon="keyboard" />
        <CueButton cue="leave" icon="close" />
      </div>
    </nav>
  );
}
