/** Opening a stored run takes the worker a while, and it may refuse. */
import { useEffect, useRef, useState } from "react";
import type { RunSummary } from "../../../protocol/events.ts";
import type { RunAction } from "../../actions/runActions.ts";
import { usePlayground } from "../../usePlayground.ts";

export interface Opening {
  /** The run that is being opened, or branched off. */
  readonly runId: string | null;
  begin(action: RunAction, run: RunSummary): void;
}

/** Goes to the live run once the worker has opened what was asked for; stays, with its failure, where it refuses. */
export function useOpening(): Opening {
  const context = usePlayground();
  const [runId, setRunId] = useState<string | null>(null);
  const unfollow = useRef<() => void>(() => undefined);
  useEffect(() => () => unfollow.current(), []);
  const goToLive = () => {
    void context.page.show("live");
    context.page.navigate("train");
  };
  const begin = (action: RunAction, run: RunSummary) => {
    if (run.isOpen && action.id === "open") {
      goToLive();
      return;
    }
    const store = context.page.live.stores.run;
    store.setState({ failure: null });
    const before = store.getState();
    unfollow.current();
    unfollow.current = store.subscribe((now) => {
      // A run that begins, or comes back, brings a configuration of its own.
      const isThere = now.config !== before.config;
      if (!isThere && now.failure === null) return;
      unfollow.current();
      setRunId(null);
      if (isThere) goToLive();
      // What was open before may have been closed for it.
      else context.page.live.session.send({ type: "listRuns" });
    });
    setRunId(run.runId);
    action.run(context, run, "");
  };
  return { runId, begin };
}
