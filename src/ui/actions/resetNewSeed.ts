import { rollSeed } from "../seed.ts";
import { type Action, isAlive } from "./action.ts";

export const resetNewSeed: Action = {
  id: "resetNewSeed",
  label: () => "Reset with a new seed",
  help: "Start a new run with the same settings and another seed.",
  keys: [],
  isEnabled: ({ stores, source }) => source === "live" && isAlive(stores.run.getState()),
  run: ({ session }) => session.startRun({ seed: rollSeed() }),
};
