/** A benchmark's results side by side. */
import type { Measured, Result } from "../measure.ts";
import type { BenchRecord } from "../records.ts";
import { formatBytes, formatNumber, formatShare, markdownTable, withoutEmptyColumns } from "./table.ts";

export function isMeasured(result: Result): result is Measured {
  return "medianMs" in result;
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

function cells(result: Result, first: Measured | undefined, { peakGflops, finishes }: BenchRecord): string[] {
  if (!isMeasured(result)) return [`${result.name}: not timed, ${result.refused}`];
  const { name, medianMs, gflops, perSecond, counts, gpuBytes, difference } = result;
  return [
    name,
    formatNumber(medianMs),
    first ? formatNumber(medianMs / first.medianMs) : "",
    known(gflops, formatNumber),
    gflops !== undefined && peakGflops > 0 ? formatShare(gflops / peakGflops) : "",
    known(perSecond, (rate) => `${formatNumber(rate)} ${finishes ?? ""}`.trim()),
    known(counts?.dispatches, formatNumber),
    known(counts?.submits, formatNumber),
    known(counts?.readbacks, formatNumber),
    known(counts?.readbackBytes, formatNumber),
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
