import { takeAway } from "../sharing/sharing.ts";
import { type Action, hasSteps } from "./action.ts";

export const saveEvents: Action = {
  id: "saveEvents",
  label: () => "TensorBoard file",
  help: "Save numbers and drawings as an event file for TensorBoard.",
  keys: [],
  isEnabled: hasSteps,
  run: (context) => void takeAway(context, { kind: "events" }),
};
