import { type Action, isResting } from "./action.ts";

export const stepOnce: Action = {
  id: "stepOnce",
  label: () => "Step",
  help: "Run one whole step, then pause.",
  keys: ["."],
  isEnabled: ({ stores }) => isResting(stores.run.getState()),
  run: ({ session }) => session.send({ type: "stepOnce" }),
};
