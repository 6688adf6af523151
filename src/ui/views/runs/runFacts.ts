/** What the view says about a stored run. */
import { useStore } from "zustand";
import type { RunSummary } from "../../../protocol/events.ts";
import { nameByDifference } from "../../runNames.ts";
import { useLive, usePlayground } from "../../usePlayground.ts";

/** Stands where there is no number. */
export const NOTHING = "–";

export const nameOf = (run: RunSummary): string => run.title ?? nameByDifference(run);

/** How far it is: the open run as it is now, another as it was saved. */
export function useProgress({
  isOpen,
  step,
  rewardMean,
}: RunSummary): Pick<RunSummary, "step" | "rewardMean"> {
  const { metrics } = usePlayground().page.live.stores;
  const openStep = useLive((run) => run.step);
  const openReward = useStore(metrics, ({ columns }) => columns.last("rewardMean"));
  return isOpen ? { step: openStep, rewardMean: openReward } : { step, rewardMean };
}
