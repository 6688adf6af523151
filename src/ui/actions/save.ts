import { type Action, isAlive } from "./action.ts";

export const save: Action = {
  id: "save",
  label: () => "Save",
  help: "Save a checkpoint in this browser now.",
  keys: ["s"],
  isEnabled: ({ stores }) => isAlive(stores.run.getState()),
  run: ({ session }) => session.send({ type: "saveCheckpoint" }),
};
