/** How fast a run is shown, and how much of the machine a live one may take. */
import { CONFIG_FIELDS } from "../../engine/config.ts";
import { SPEEDS, type Speed } from "../../workers/timeline.ts";
import { pauseDisplay } from "../actions/pauseDisplay.ts";
import { ToolButton } from "../components/ToolButton.tsx";
import { findScreenLock } from "../keepAwake.ts";
import { AWAKE_WORDS } from "../text/states.ts";
import { DISPLAY_WORDS, SPEED_WORDS } from "../text/train.ts";
import { usePlayback, usePlayground, useRun, useSettings } from "../usePlayground.ts";
import styles from "./Pace.module.css";

function SpeedSelect({ speed, onChange }: { speed: Speed; onChange: (speed: Speed) => void }) {
  return (
    <select
      className={styles.select}
      aria-label={SPEED_WORDS.label}
      title={SPEED_WORDS.help[speed]}
      value={speed}
      onChange={(event) => onChange(event.target.value as Speed)}
    >
      {SPEEDS.map((name) => (
        <option key={name} value={name}>
          {SPEED_WORDS.speeds[name]}
        </option>
      ))}
    </select>
  );
}

/** Of the recording that is played. */
export function PlayingPace() {
  const { page } = usePlayground();
  const speed = usePlayback((playback) => playback.speed);
  return <SpeedSelect speed={speed} onChange={(chosen) => page.player.setSpeed(chosen)} />;
}

/** Shares that are offered beside the one in force; the recipe has all. */
const SHARES = [25, 50, 75, 100];

function GpuShare() {
  const { session } = usePlayground();
  const inForce = useRun((run) => run.config?.gpuShare ?? CONFIG_FIELDS.gpuShare.default);
  const isOpen = useRun((run) => run.runId !== null && run.state !== "failed" && run.resumeOffer === null);
  const shares = [...new Set([...SHARES, inForce])].sort((a, b) => a - b);
  return (
    <select
      className={`${styles.select} ${styles.share}`}
      aria-label={SPEED_WORDS.gpuShare}
      title={CONFIG_FIELDS.gpuShare.help}
      value={inForce}
      disabled={!isOpen}
      onChange={({ target }) =>
        session.send({ type: "changeConfig", changes: { gpuShare: Number(target.value) } })
      }
    >
      {shares.map((share) => (
        <option key={share} value={share}>
          {SPEED_WORDS.share(share)}
        </option>
      ))}
    </select>
  );
}

function Freeze() {
  const playground = usePlayground();
  const isStill = useSettings((settings) => settings.isDisplayPaused);
  return (
    <ToolButton
      icon="still"
      label={DISPLAY_WORDS.pause}
      shortcut={pauseDisplay.keys[0]}
      isPressed={isStill}
      isDisabled={!pauseDisplay.isEnabled(playground)}
      onPress={() => pauseDisplay.run(playground)}
    />
  );
}

/** Nothing where the browser cannot. */
function Awake() {
  const { stores } = usePlayground();
  const awake = useSettings((settings) => settings.awake);
  if (!findScreenLock()) return null;
  const words = awake === "refused" ? AWAKE_WORDS.refused : AWAKE_WORDS.keep;
  return (
    <span title={words}>
      <ToolButton
        icon="awake"
        label={words}
        isPressed={awake === "wanted"}
        onPress={() => stores.settings.setState({ awake: awake === "wanted" ? "off" : "wanted" })}
      />
    </span>
  );
}

/** Of the live run. */
export function TrainingPace() {
  const { stores } = usePlayground();
  const speed = useSettings((settings) => settings.speed);
  return (
    <div className={styles.pace}>
      <SpeedSelect speed={speed} onChange={(chosen) => stores.settings.setState({ speed: chosen })} />
      <GpuShare />
      <Freeze />
      <Awake />
    </div>
  );
}
