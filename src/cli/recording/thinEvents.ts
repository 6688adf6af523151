/** Which events of a run a recording keeps: what the page shows of training, and not the worker's housekeeping. */
import type { WorkerEvent, WorkerEventType } from "../../protocol/events.ts";

const KEPT: ReadonlySet<WorkerEventType> = new Set([
  "backendStarted",
  "modelReady",
  "runStarted",
  "stepStarted",
  "phaseStarted",
  "drawProgressed",
  "groupDrawn",
  "groupJudged",
  "groupScored",
  "stepFinished",
  "filmstripDrawn",
]);

/** Moments of a drawing that are kept; the eye wants no more, and masks do not compress. */
const DRAW_MOMENTS = 4;

export function isKept(event: WorkerEvent): boolean {
  if (!KEPT.has(event.type)) return false;
  if (event.type !== "drawProgressed") return true;
  const momentOf = (step: number) => Math.floor((step * DRAW_MOMENTS) / event.decodeSteps);
  return momentOf(event.decodeStep) > momentOf(event.decodeStep - 1);
}
