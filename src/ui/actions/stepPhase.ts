import { type Action, isResting } from "./action.ts";

export const stepPhase: Action = {
  id: "stepPhase",
  label: () => "One phase",
  help: "Run one phase (sample, judge, score or learn), then pause.",
  keys: ["/"],
  isEnabled: ({ stores }) => isResting(stores.run.getState()),
  run: ({ session }) => session.send({ type: "stepPhase" }),
};
