import { BUSY_WORDS } from "../text/sharing.ts";
import { type Action, isAlive } from "./action.ts";

export const exportRun: Action = {
  id: "exportRun",
  label: () => "Export run",
  help: "Save the whole run as a zip: settings, numbers, drawings, adapter and checkpoint.",
  keys: ["e"],
  isEnabled: ({ stores, source }) => source === "live" && isAlive(stores.run.getState()),
  run: ({ stores, session, sharing }) => {
    const { runId } = stores.run.getState();
    if (runId === null) return;
    // The worker answers with `runExported`, at the latest when the phase at work is done.
    sharing.store.setState({ notice: { kind: "busy", words: BUSY_WORDS.run } });
    session.send({ type: "exportRun", runId });
  },
};
