import { takeAway } from "../sharing/sharing.ts";
import { type Action, hasSteps } from "./action.ts";

export const saveCsv: Action = {
  id: "saveCsv",
  label: () => "Metrics as CSV",
  help: "Save the numbers of every step for a spreadsheet.",
  keys: [],
  isEnabled: hasSteps,
  run: (context) => void takeAway(context, { kind: "csv" }),
};
