import type { Action } from "./action.ts";

export const stop: Action = {
  id: "stop",
  label: () => "Stop",
  help: "Drop the step at work and pause at once; finished steps stay.",
  keys: ["x"],
  isEnabled: ({ stores }) => {
    const { runId, state, activeStep } = stores.run.getState();
    if (runId === null || state === "failed" || state === "empty") return false;
    return state !== "paused" || activeStep !== null;
  },
  run: ({ session }) => session.stop(),
};
