import { PHASES, type Phase } from "../../../protocol/events.ts";
import { useGallery, useRun } from "../../usePlayground.ts";
import styles from "./PhaseIndicator.module.css";

const WORDS: Record<Phase, { title: string; story: string }> = {
  sample: { title: "Sample", story: "draw a group" },
  judge: { title: "Judge", story: "ask itself" },
  score: { title: "Score", story: "compare the group" },
  learn: { title: "Learn", story: "nudge the weights" },
};

function DrawCount() {
  const draw = useGallery((gallery) => gallery.current?.draw ?? null);
  return draw ? `decoding ${draw.decodeStep} of ${draw.decodeSteps}` : WORDS.sample.story;
}

/** The four phases of a step and which one is at work. */
export function PhaseIndicator() {
  const phase = useRun((run) => run.phase);
  const at = phase === null ? -1 : PHASES.indexOf(phase);
  return (
    <ol className={styles.phases} aria-label="Phases of a step">
      {PHASES.map((name, index) => {
        const state = index < at ? "done" : index === at ? "now" : "open";
        return (
          <li key={name} className={styles[state]} aria-current={state === "now" ? "step" : undefined}>
            <span className={styles.name}>
              {index + 1}. {WORDS[name].title}
              {state === "done" ? <span className="visuallyHidden"> (done)</span> : null}
            </span>
            <span className={styles.story}>
              {state === "now" && name === "sample" ? <DrawCount /> : WORDS[name].story}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
