/** What states of the model are called. */
import type { RunSummary } from "../../protocol/events.ts";
import { formatBytes } from "./numbers.ts";

export const WEIGHTS_WORDS = {
  model: "The model as it came",
  open: "The open run",
  pinned: "Pinned",
  stored: "Stored runs",
} as const;

/** "26 Nov, 12:04", in the reader's own clock. */
const formatDay = (timeMs: number): string =>
  new Date(timeMs).toLocaleString(undefined, {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  });

/** Its title, or the preset and when it began. */
export const nameRun = ({ title, preset, createdAtMs }: RunSummary): string =>
  title ?? `${preset}, ${formatDay(createdAtMs)}`;

/** "step 120 · reward 0.61" */
export function describeProgress(step: number, rewardMean: number | null): string {
  const reward = rewardMean === null ? [] : [`reward ${rewardMean.toFixed(2)}`];
  return [`step ${step}`, ...reward].join(" · ");
}

/** "step 120 · reward 0.61 · 2.10 MB · 26 Nov, 12:04" */
export const describeRun = ({ step, rewardMean, sizeBytes, savedAtMs }: RunSummary): string =>
  [describeProgress(step, rewardMean), formatBytes(sizeBytes), formatDay(savedAtMs)].join(" · ");
