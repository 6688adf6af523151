import { askToKeep } from "../storagePromise.ts";
import { type Action, isAlive } from "./action.ts";

export const save: Action = {
  id: "save",
  label: () => "Save",
  help: "Save a checkpoint in this browser now.",
  keys: ["s"],
  isEnabled: ({ stores, source }) => source === "live" && isAlive(stores.run.getState()),
  run: ({ session, stores }) => {
    void askToKeep(stores.device);
    session.send({ type: "saveCheckpoint" });
  },
};
