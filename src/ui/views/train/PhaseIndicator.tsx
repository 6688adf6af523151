import { PHASES, type Phase } from "../../../protocol/events.ts";
import { PHASE_WORDS, WHOLE_STEP } from "../../text/train.ts";
import { useGallery, usePlayback, usePlayground, useRun, useSettings } from "../../usePlayground.ts";
import styles from "./PhaseIndicator.module.css";

function DrawCount() {
  const draw = useGallery((gallery) => gallery.current?.draw ?? null);
  return draw ? `decoding ${draw.decodeStep} of ${draw.decodeSteps}` : PHASE_WORDS.sample.story;
}

/** Whether the run is played so slowly that there is time to read a formula. */
function useIsSlow(): boolean {
  const { source } = usePlayground();
  const played = usePlayback((playback) => playback.speed);
  const trained = useSettings((settings) => settings.speed);
  return (source === "recorded" ? played : trained) === "slow";
}

/** In slow motion: the formula of the phase at work, in a box that does not move when it changes. */
function Formula({ phase }: { phase: Phase | null }) {
  const { formula, meaning } = phase ? PHASE_WORDS[phase] : WHOLE_STEP;
  return (
    <p className={styles.formula}>
      <span className={styles.symbols}>{formula}</span>
      <span className={styles.meaning}>{meaning}</span>
    </p>
  );
}

/**
 * The four phases of a step and which one is at work.
 * @param isOver a step that is looked back at has them all behind it
 */
export function PhaseIndicator({ isOver }: { isOver: boolean }) {
  const isStill = useSettings((settings) => settings.isDisplayPaused);
  const { source } = usePlayground();
  const atWork = useRun((run) => run.phase);
  const isSlow = useIsSlow();
  const phase = isOver || (isStill && source === "live") ? null : atWork;
  const at = isOver ? PHASES.length : phase === null ? -1 : PHASES.indexOf(phase);
  return (
    <div className={styles.indicator}>
      <ol className={styles.phases} aria-label="Phases of a step">
        {PHASES.map((name, index) => {
          const state = index < at ? "done" : index === at ? "now" : "open";
          return (
            <li key={name} className={styles[state]} aria-current={state === "now" ? "step" : undefined}>
              <span className={styles.name}>
                {index + 1}. {PHASE_WORDS[name].title}
                {state === "done" ? <span className="visuallyHidden"> (done)</span> : null}
              </span>
              <span className={styles.story}>
                {state === "now" && name === "sample" ? <DrawCount /> : PHASE_WORDS[name].story}
              </span>
            </li>
          );
        })}
      </ol>
      {isSlow ? <Formula phase={phase} /> : null}
    </div>
  );
}
