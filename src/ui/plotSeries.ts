/** The lines of a plot with their values: those of this run, and behind them those of a run to compare with. */
import { alignSeries } from "./charts/alignSeries.ts";
import type { Series } from "./charts/LineChart.tsx";
import type { Plot } from "./plots.ts";
import type { Comparison } from "./sharing/sharingStore.ts";
import type { MetricColumns } from "./stores/metricColumns.ts";

export interface PlotSeries {
  readonly xs: Float32Array;
  readonly series: readonly Series[];
}

export function seriesOf(plot: Plot, columns: MetricColumns, comparison: Comparison | null): PlotSeries {
  const own = plot.lines.map((line) => ({ ...line, values: columns.column(line.metric) }));
  if (!comparison) return { xs: columns.steps(), series: own };
  const of = (run: MetricColumns) => ({
    xs: run.steps(),
    columns: plot.lines.map(({ metric }) => run.column(metric)),
  });
  const { xs, columns: aligned } = alignSeries([of(comparison.columns), of(columns)]);
  const [theirs = [], ours = []] = aligned;
  const empty = new Float32Array(xs.length).fill(Number.NaN);
  const references = plot.lines.map((line, at) => ({
    ...line,
    label: `${line.label}, ${comparison.name}`,
    colour: "--edge",
    values: theirs[at] ?? empty,
    isReference: true,
  }));
  // First, so that this run's lines lie over them.
  return { xs, series: [...references, ...own.map((line, at) => ({ ...line, values: ours[at] ?? empty }))] };
}
