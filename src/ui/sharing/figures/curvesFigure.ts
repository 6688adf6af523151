/** The curves of a run, or one of them, as a picture. */
import { smooth } from "../../charts/smoothing.ts";
import { seriesOf } from "../../plotSeries.ts";
import { PLOTS, type Plot } from "../../plots.ts";
import type { MetricsView } from "../../stores/metricsStore.ts";
import { FIGURE_WORDS } from "../../text/figures.ts";
import { formatMetric } from "../../text/numbers.ts";
import type { Comparison } from "../sharingStore.ts";
import { type Chart, paintChart } from "./chart.ts";
import type { Figure } from "./figure.ts";
import type { Token } from "./palette.ts";

const SMALL = { width: 430, height: 210 };
const LARGE = { width: 720, height: 360 };
const GAP = 36;

interface Shown {
  readonly metrics: MetricsView;
  readonly comparison: Comparison | null;
  readonly smoothing: number;
}

function chartOf(plot: Plot, { metrics, comparison, smoothing }: Shown): Chart {
  const { columns, marks } = metrics;
  const { xs, series } = seriesOf(plot, columns, comparison);
  return {
    title: plot.title,
    xs,
    lines: series.map(({ label, colour, isDashed, values, isReference = false }) => {
      const newest = smooth(values, smoothing).findLast((value) => !Number.isNaN(value));
      const reading = formatMetric(newest ?? Number.NaN);
      return { label, colour: colour as Token, isDashed, values, isReference, reading };
    }),
    smoothing,
    marks: marks.map(({ step }) => step),
    yFloor: plot.yFloor,
    ...(plot.yRange ? { yRange: plot.yRange } : {}),
  };
}

function noteOf(plots: readonly Plot[], comparison: Comparison | null): string {
  const note = plots.length === 1 ? (plots[0]?.help ?? "") : FIGURE_WORDS.overSteps;
  return comparison ? `${note} ${FIGURE_WORDS.reference(comparison.name)}` : note;
}

/** @param title of the one plot to draw; null draws all, two in a row */
export function curvesFigure(shown: Shown, title: string | null): Figure {
  const plots = title === null ? PLOTS : PLOTS.filter((plot) => plot.title === title);
  const columns = Math.min(2, plots.length);
  const { width, height } = plots.length === 1 ? LARGE : SMALL;
  const rows = Math.ceil(plots.length / columns);
  return {
    title: plots.length === 1 ? (plots[0]?.title ?? "") : FIGURE_WORDS.curves,
    isTitleQuoted: false,
    note: noteOf(plots, shown.comparison),
    width: columns * width + (columns - 1) * GAP,
    height: rows * height + (rows - 1) * GAP,
    paint: (context, palette) => {
      for (const [at, plot] of plots.entries()) {
        const x = (at % columns) * (width + GAP);
        const y = Math.floor(at / columns) * (height + GAP);
        paintChart(context, palette, chartOf(plot, shown), { x, y, width, height });
      }
    },
  };
}
