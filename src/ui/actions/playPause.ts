import type { Action } from "./action.ts";

export const playPause: Action = {
  id: "playPause",
  label: ({ stores }) => {
    const { state } = stores.run.getState();
    if (state === "pausing") return "Pausing…";
    return state === "running" ? "Pause" : "Play";
  },
  help: "Play or pause the training; a pause waits for the phase at work.",
  keys: [" "],
  isEnabled: ({ stores }) => {
    const { state, runId } = stores.run.getState();
    return runId !== null && (state === "running" || state === "paused");
  },
  run: ({ stores, session }) => {
    if (stores.run.getState().state === "running") session.pause();
    else session.send({ type: "play" });
  },
};
