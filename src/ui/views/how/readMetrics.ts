/** The metrics of a step, and of those before it. Pure. */
import type { MetricColumns } from "../../stores/metricColumns.ts";

export interface StepReadings {
  /** KL of the image tokens, steps up to this one that measured it. */
  readonly history: readonly number[];
  readonly klImage: number | null;
  readonly klAnswer: number | null;
}

const orNull = (value: number | undefined): number | null =>
  value === undefined || Number.isNaN(value) ? null : value;

export function readMetrics(columns: MetricColumns, step: number): StepReadings {
  const at = columns.steps().lastIndexOf(step);
  const images = columns.column("klImage");
  return {
    history: Array.from(images.subarray(0, at + 1)).filter((value) => !Number.isNaN(value)),
    klImage: orNull(images[at]),
    klAnswer: orNull(columns.column("klAnswer")[at]),
  };
}

/** Points of a small line, "x,y x,y …", in a box of this size; the lower edge is 0. */
export function sparkPoints(values: readonly number[], width: number, height: number): string {
  const top = Math.max(...values, Number.MIN_VALUE);
  const across = width / Math.max(1, values.length - 1);
  return values.map((value, at) => `${at * across},${height - (value / top) * height}`).join(" ");
}
