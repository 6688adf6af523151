import { type Action, isAlive } from "./action.ts";

export const reset: Action = {
  id: "reset",
  label: ({ source }) => (source === "live" ? "Reset" : "Start over"),
  help: "Start this run again from step 0 with the same seed.",
  keys: ["r"],
  isEnabled: ({ stores }) => isAlive(stores.run.getState()),
  run: ({ session }) => session.send({ type: "reset" }),
};
