/** What the view says about a stored run. */
import { useStore } from "zustand";
import type { RunSummary } from "../../../protocol/events.ts";
import { nameByDifference } from "../../runNames.ts";
import { useLive, usePlayground } from "../../usePlayground.ts";
import { useStoredRuns } from "../../useWeights.ts";

/** Stands where there is no number. */
export const NOTHING = "–";

export const nameOf = (run: RunSummary): string => run.title ?? nameByDifference(run);

/** The stored runs: the open one as it is now, the others as they were saved. Null until they are listed. */
export function useKeptRuns(): readonly RunSummary[] | null {
  const { metrics } = usePlayground().page.live.stores;
  const runs = useStoredRuns();
  const openId = useLive(({ runId }) => runId);
  const config = useLive((run) => run.config);
  const step = useLive((run) => run.step);
  const rewardMean = useStore(metrics, ({ columns }) => columns.last("rewardMean"));
  if (runs === null || config === null) return runs;
  return runs.map((run) => (run.runId === openId ? { ...run, config, step, rewardMean } : run));
}
