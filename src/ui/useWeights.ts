/** The weights that can be looked at, kept up to date while a component shows them. */
import { useEffect, useMemo } from "react";
import { useStore } from "zustand";
import type { RunSummary } from "../protocol/events.ts";
import { useLive, usePlayground } from "./usePlayground.ts";
import { listWeights, type WeightsOption } from "./weightsOptions.ts";

/** The stored runs; null until the model is open and they are listed. Asks for them. */
export function useStoredRuns(): readonly RunSummary[] | null {
  const { live } = usePlayground().page;
  const isReady = useLive((run) => run.model !== null && run.opening === "ready");
  useEffect(() => {
    if (isReady) live.session.send({ type: "listRuns" });
  }, [isReady, live]);
  return useStore(live.stores.runs, ({ runs }) => runs);
}

export function useWeightsOptions(): readonly WeightsOption[] {
  const { live } = usePlayground().page;
  const runs = useStoredRuns();
  const runId = useLive((run) => run.runId);
  const step = useLive((run) => run.step);
  return useMemo(() => {
    const rewardMean = live.stores.metrics.getState().columns.last("rewardMean");
    return listWeights(runs, runId === null ? null : { runId, step, rewardMean });
  }, [live, runs, runId, step]);
}
