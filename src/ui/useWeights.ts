/** The weights that can be looked at, kept up to date while a component shows them. */
import { useEffect, useMemo } from "react";
import { useStore } from "zustand";
import type { RunSummary } from "../protocol/events.ts";
import { useLive, usePlayground } from "./usePlayground.ts";
import { type WeightsOption, weightsIn } from "./weightsOptions.ts";

/** Whether the worker can be asked. */
export const useIsOpen = (): boolean => useLive((run) => run.model !== null && run.opening === "ready");

/** The stored runs; null until the model is open and they are listed. Asks for them. */
export function useStoredRuns(): readonly RunSummary[] | null {
  const { live } = usePlayground().page;
  const isOpen = useIsOpen();
  useEffect(() => {
    if (isOpen) live.session.send({ type: "listRuns" });
  }, [isOpen, live]);
  return useStore(live.stores.runs, ({ runs }) => runs);
}

export function useWeightsOptions(): readonly WeightsOption[] {
  const { stores } = usePlayground().page.live;
  const runs = useStoredRuns();
  const openRun = useLive(({ runId, step }) => `${runId} ${step}`);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the stores hold changes with these
  return useMemo(() => weightsIn(stores), [stores, runs, openRun]);
}
