/** What the curves run over: steps, or what they cost. Pure. */
import type { MetricColumns } from "./stores/metricColumns.ts";

export const X_AXES = ["step", "images", "seconds"] as const;
export type XAxis = (typeof X_AXES)[number];

/** 1, 2, 5, 10 … : there is no half step and no half image. */
const COUNTS = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power));

/** Distances between the marks of an axis; time goes by minutes and hours. */
export const INCREMENTS: Readonly<Record<XAxis, readonly number[]>> = {
  step: COUNTS,
  images: COUNTS,
  seconds: [
    ...[1, 2, 5, 10, 20, 30],
    ...[1, 2, 5, 10, 20, 30].map((minutes) => 60 * minutes),
    ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((hours) => 3600 * hours),
  ],
};

/** Sums in double precision; what a step did not report adds nothing. */
function addUp(values: Float32Array): Float32Array {
  let sum = 0;
  return values.map((value) => {
    sum += Number.isNaN(value) ? 0 : value;
    return sum;
  });
}

/**
 * Where each finished step lies on an axis.
 * @returns [length] ascending; null where nothing of the kind is known, as of images in a file of metrics
 */
export function axisOf(columns: MetricColumns, axis: XAxis): Float32Array | null {
  if (axis === "step") return columns.steps();
  const values = axis === "images" ? columns.images() : columns.column("stepSeconds");
  return values.length > 0 && values.every((value) => Number.isNaN(value)) ? null : addUp(values);
}

/** Index of the finished step nearest to x, -1 where there is none. @param xs ascending */
export function nearest(xs: Float32Array, x: number): number {
  const after = xs.findIndex((value) => value >= x);
  if (after === -1) return xs.length - 1;
  const before = Math.max(0, after - 1);
  return x - (xs[before] ?? 0) < (xs[after] ?? 0) - x ? before : after;
}

/** x of a step; that of the last one before it where it has no numbers, 0 before the first. */
export function placeOf(columns: MetricColumns, xs: Float32Array, step: number): number {
  return xs[columns.steps().findLastIndex((known) => known <= step)] ?? 0;
}
