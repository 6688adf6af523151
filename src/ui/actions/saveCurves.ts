import { takeAway } from "../sharing/sharing.ts";
import { type Action, hasSteps } from "./action.ts";

export const saveCurves: Action = {
  id: "saveCurves",
  label: () => "Curves",
  help: "Save the curves as a picture with its settings inside.",
  keys: [],
  isEnabled: hasSteps,
  run: (context) => void takeAway(context, { kind: "curves" }),
};
