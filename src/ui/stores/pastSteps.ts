/** Finished steps with their groups, so that any of them can be looked at again; the oldest go when they take too much. Pure. */
import type { GalleryView, StepView } from "./galleryStore.ts";
import type { MetricsView } from "./metricsStore.ts";

/** A step of the default recipe holds 32 images of 64 × 64 pixels: about 80 steps fit. */
export const PAST_BYTES = 32e6;

function sizeOf({ groups }: StepView): number {
  return groups
    .flatMap((group) => group?.drawn.images ?? [])
    .reduce((sum, { rgb }) => sum + rgb.byteLength, 0);
}

/** Adds a finished step, in place of what was finished at or after it before a roll-back. */
export function keepStep(
  past: readonly StepView[],
  finished: StepView,
  limitBytes: number = PAST_BYTES,
): readonly StepView[] {
  const kept = [...past.filter(({ step }) => step < finished.step), finished];
  let bytes = kept.reduce((sum, step) => sum + sizeOf(step), 0);
  let from = 0;
  for (; bytes > limitBytes && from < kept.length - 1; from++) bytes -= sizeOf(kept[from] as StepView);
  return kept.slice(from);
}

/** A step as it was when it was finished; null when it is not kept. */
export function recallStep(past: readonly StepView[], step: number): StepView | null {
  return past.findLast((known) => known.step === step) ?? null;
}

/** The last step of which there is anything to see: numbers or drawings. */
export function newestStep({ columns }: MetricsView, { rows }: Pick<GalleryView, "rows">): number {
  const drawn = rows.map(({ frames }) => frames.at(-1)?.step ?? 0);
  return Math.max(columns.steps().at(-1) ?? 0, ...drawn);
}
