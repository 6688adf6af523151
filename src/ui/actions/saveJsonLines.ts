import { takeAway } from "../sharing/sharing.ts";
import { type Action, hasSteps } from "./action.ts";

export const saveJsonLines: Action = {
  id: "saveJsonLines",
  label: () => "Metrics as JSON Lines",
  help: "Save the numbers of every step; dropped on the page they are curves to compare with.",
  keys: [],
  isEnabled: hasSteps,
  run: (context) => void takeAway(context, { kind: "jsonLines" }),
};
