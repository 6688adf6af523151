/** A terminal's progress bar with reward and time to go, or nothing. */
import { SingleBar } from "cli-progress";

export interface Progress {
  /** @param reward of the last step @param phase what is being done */
  update(finishedSteps: number, reward: number | undefined, phase: string): void;
  stop(): void;
}

/** Draws on stderr when it is a terminal; stdout stays free for results. */
export function startProgress(steps: number): Progress {
  if (process.stderr.isTTY !== true) return { update: () => {}, stop: () => {} };
  const bar = new SingleBar({
    format: "{bar} {value}/{total} reward {reward} {phase} ETA {eta_formatted}",
    stream: process.stderr,
    hideCursor: true,
  });
  let shown = "–";
  bar.start(steps, 0, { reward: shown, phase: "" });
  return {
    update: (finishedSteps, reward, phase) => {
      if (reward !== undefined) shown = reward.toFixed(3);
      bar.update(finishedSteps, { reward: shown, phase });
    },
    stop: () => bar.stop(),
  };
}
