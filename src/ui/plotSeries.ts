/** The lines of a plot with their values: those of this run, and behind them those of a run to compare with. */
import { alignSeries } from "./charts/alignSeries.ts";
import type { Series } from "./charts/LineChart.tsx";
import type { Plot } from "./plots.ts";
import type { Comparison } from "./sharing/sharingStore.ts";
import type { MetricColumns } from "./stores/metricColumns.ts";
import { axisOf, type XAxis } from "./xAxis.ts";

export interface PlotSeries {
  readonly xs: Float32Array;
  readonly series: readonly Series[];
}

/** @param axis a comparison that does not say what it cost is left out on another axis than steps */
export function seriesOf(
  plot: Plot,
  columns: MetricColumns,
  comparison: Comparison | null,
  axis: XAxis = "step",
): PlotSeries {
  const xs = axisOf(columns, axis) ?? new Float32Array(columns.length);
  const own = plot.lines.map((line) => ({ ...line, values: columns.column(line.metric) }));
  const theirXs = comparison && axisOf(comparison.columns, axis);
  if (!theirXs) return { xs, series: own };
  const of = (run: MetricColumns) => plot.lines.map(({ metric }) => run.column(metric));
  const aligned = alignSeries([
    { xs: theirXs, columns: of(comparison.columns) },
    { xs, columns: of(columns) },
  ]);
  const [theirs = [], ours = []] = aligned.columns;
  const empty = new Float32Array(aligned.xs.length).fill(Number.NaN);
  const references = plot.lines.map((line, at) => ({
    ...line,
    label: `${line.label}, ${comparison.name}`,
    colour: "--edge",
    values: theirs[at] ?? empty,
    isReference: true,
  }));
  const lines = own.map((line, at) => ({ ...line, values: ours[at] ?? empty }));
  // First, so that this run's lines lie over them.
  return { xs: aligned.xs, series: [...references, ...lines] };
}
