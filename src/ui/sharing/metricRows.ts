/** The page's columns as rows for files, and rows from files as columns. */
import type { MetricRow } from "../../formats/metricsText.ts";
import { METRIC_NAMES, MetricColumns } from "../stores/metricColumns.ts";

const FEWEST_DIGITS = 6;
const MOST_DIGITS = 9;

/** The shortest decimal number that is the same f32: 0.61 rather than 0.6100000143051147. */
export function shortest(value: number): number {
  for (let digits = FEWEST_DIGITS; digits < MOST_DIGITS; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** One row a step; what a step did not measure is absent. */
export function toRows(columns: MetricColumns): MetricRow[] {
  return Array.from(columns.steps(), (step, at) => {
    const known = METRIC_NAMES.flatMap((name) => {
      const value = columns.column(name)[at] ?? Number.NaN;
      return Number.isNaN(value) ? [] : [[name, shortest(value)] as const];
    });
    return { step, values: Object.fromEntries(known) };
  });
}

export function toColumns(rows: readonly MetricRow[]): MetricColumns {
  const columns = new MetricColumns();
  for (const { step, values } of rows) columns.push(step, values);
  return columns;
}
