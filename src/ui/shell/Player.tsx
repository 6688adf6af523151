import { ToolButton } from "../components/ToolButton.tsx";
import { PLAYER_WORDS } from "../text/words.ts";
import { usePlayback, usePlayground, useRun } from "../usePlayground.ts";
import { PlayingPace } from "./Pace.tsx";
import styles from "./Player.module.css";

/** Where the recording is, and the way to any step of it. */
function Position() {
  const { page } = usePlayground();
  const steps = usePlayback((playback) => playback.header?.steps ?? 0);
  const loaded = usePlayback((playback) => playback.loadedSteps);
  const step = useRun((run) => run.activeStep ?? run.step);
  const share = (value: number) => `${(value / Math.max(1, steps)) * 100}%`;
  return (
    <div className={styles.position}>
      <input
        type="range"
        aria-label={PLAYER_WORDS.step}
        min={0}
        max={Math.max(1, steps)}
        step={1}
        value={step}
        disabled={loaded === 0}
        style={{ "--share": share(step) } as React.CSSProperties}
        aria-valuetext={PLAYER_WORDS.stepOf(step, steps)}
        onChange={(event) => page.player.seek(event.target.valueAsNumber)}
      />
      <output className={styles.step}>
        <span className={styles.word}>step </span>
        <strong>{step}</strong>
        <span className={styles.of}> / {steps === 0 ? "–" : steps}</span>
      </output>
    </div>
  );
}

function LoopToggle() {
  const { page } = usePlayground();
  const isLooped = usePlayback((playback) => playback.isLooped);
  return (
    <span className={styles.loop}>
      <ToolButton
        icon="loop"
        label={PLAYER_WORDS.loop}
        isPressed={isLooped}
        onPress={() => page.player.setLooped(!isLooped)}
      />
    </span>
  );
}

/** What a recording has beyond a run: any step at once, speed, and beginning again. */
export function Player() {
  return (
    <div className={styles.player}>
      <Position />
      <PlayingPace />
      <LoopToggle />
    </div>
  );
}
