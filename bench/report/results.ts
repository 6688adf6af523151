/** A benchmark's results side by side. */

import type { GpuCounters } from "../../src/engine/device/gpuLog.ts";
import type { Counted, Measured, Result } from "../measure.ts";
import type { BenchRecord } from "../records.ts";
import { formatBytes, formatNumber, formatShare, markdownTable, withoutEmptyColumns } from "./table.ts";

export function isMeasured(result: Result): result is Measured {
  return "medianMs" in result;
}

export function isCounted(result: Result): result is Counted {
  return "programs" in result;
}

/** What was computed, and by which model, in a line. @param without a size that is told elsewhere */
export function describeShape({ model, shape }: Pick<BenchRecord, "model" | "shape">, without = ""): string {
  const sizes = Object.entries(shape).filter(([key]) => key !== without);
  return [...(model ? [model] : []), ...sizes.map(([key, value]) => `${key} ${value}`)].join(", ");
}

/** Of every contender that was counted its dispatches by program, most first. */
export function programLists({ results }: BenchRecord): string[] {
  return results.filter(isCounted).map(({ name, programs }) => {
    const counts = Object.entries(programs).map(([program, count]) => `${program} ${formatNumber(count)}`);
    return `${name}: ${counts.join(", ")}`;
  });
}

/** A contender's figures, if it was timed. */
export function measuredOf({ results }: BenchRecord, contender: string): Measured | undefined {
  return results.filter(isMeasured).find(({ name }) => name === contender);
}

const HEADERS = [
  "contender",
  "ms",
  "× ours",
  "GFLOP/s",
  "of peak",
  "a second",
  "dispatches",
  "submits",
  "readbacks",
  "bytes read",
  "GPU memory",
  "differs by",
];

const known = (value: number | undefined, format: (value: number) => string) =>
  value === undefined ? "" : format(value);

const countCells = (counts: GpuCounters | undefined) =>
  [counts?.dispatches, counts?.submits, counts?.readbacks, counts?.readbackBytes].map((count) =>
    known(count, formatNumber),
  );

function cells(result: Result, first: Measured | undefined, { peakGflops, finishes }: BenchRecord): string[] {
  const { name } = result;
  if (isCounted(result)) return [name, "", "", "", "", "", ...countCells(result.counts)];
  if (!isMeasured(result)) return [`${name}: not timed, ${result.refused}`];
  const { medianMs, gflops, perSecond, counts, gpuBytes, difference } = result;
  return [
    name,
    formatNumber(medianMs),
    first ? formatNumber(medianMs / first.medianMs) : "",
    known(gflops, formatNumber),
    gflops !== undefined && peakGflops > 0 ? formatShare(gflops / peakGflops) : "",
    known(perSecond, (rate) => `${formatNumber(rate)} ${finishes ?? ""}`.trim()),
    ...countCells(counts),
    known(gpuBytes, formatBytes),
    known(difference, (value) => (value === 0 ? "0" : value.toExponential(0))),
  ];
}

/** One row a contender; columns that say nothing are left out. */
export function resultTable(record: BenchRecord): string {
  const first = record.results.find(isMeasured);
  const rows = record.results.map((result) => cells(result, first, record));
  const table = withoutEmptyColumns(HEADERS, rows);
  return markdownTable(table.headers, table.rows);
}
