/**
 * A small line chart: each series faint as measured and strong as smoothed, with marks on the x axis, a crosshair
 * shared by all charts of one `syncKey`, and a line at the picked x. It knows nothing of what it draws.
 */
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { drawMarks, drawPick } from "./chartLayers.ts";
import styles from "./LineChart.module.css";
import { smooth } from "./smoothing.ts";

export interface Series {
  readonly label: string;
  /** CSS custom property that holds the colour. */
  readonly colour: string;
  readonly isDashed: boolean;
  readonly values: Float32Array;
  /** Of another run: only smoothed, thin, and through gaps, for its steps are others. */
  readonly isReference?: boolean;
}

export interface LineChartProps {
  readonly label: string;
  /** [length] x of every point, ascending. */
  readonly xs: Float32Array;
  readonly series: readonly Series[];
  readonly smoothing: number;
  readonly marks: readonly number[];
  readonly pick: number | null;
  /** Least upper end of the y axis, so that noise around zero does not look like news. */
  readonly yFloor: number;
  /** Fixed y range, where the quantity has one. */
  readonly yRange?: readonly [number, number];
  readonly height: number;
  readonly syncKey: string;
  /** Changes when colours do, so that they are read again. */
  readonly themeKey: string;
  readonly onPick: (x: number) => void;
}

/** Distances between marks of the x axis, which counts: there is no half step. */
const WHOLE_INCREMENTS = [0, 1, 2, 3, 4, 5, 6].flatMap((power) =>
  [1, 2, 5].map((digit) => digit * 10 ** power),
);

/** One point makes no line: it is drawn as a dot. */
const points: uPlot.Series.Points = { show: (chart) => chart.data[0].length === 1, size: 6 };

/** A run to compare with may have one step while this one has many. */
const lonePoint: uPlot.Series.Points = {
  show: (chart, index) => Array.from(chart.data[index] ?? []).filter((value) => value !== null).length === 1,
  size: 5,
};

const toGaps = (values: Float32Array): (number | null)[] =>
  Array.from(values, (value) => (Number.isNaN(value) ? null : value));

function tableOf({ xs, series, smoothing }: LineChartProps): uPlot.AlignedData {
  const lines = series.flatMap(({ values }) => [toGaps(values), toGaps(smooth(values, smoothing))]);
  return [Array.from(xs), ...lines];
}

function seriesOptions(series: readonly Series[], colourOf: (name: string) => string): uPlot.Series[] {
  return series.flatMap(({ label, colour, isDashed, isReference = false }) => {
    const stroke = colourOf(colour);
    const dash = isDashed ? { dash: [5, 4] } : {};
    return [
      {
        label: `${label}, measured`,
        stroke,
        alpha: 0.28,
        width: 1,
        points: { show: false },
        show: !isReference,
      },
      {
        label,
        stroke,
        width: isReference ? 1.25 : 2,
        points: { ...(isReference ? lonePoint : points), fill: stroke },
        spanGaps: isReference,
        ...dash,
      },
    ];
  });
}

function makeOptions(element: HTMLElement, read: () => LineChartProps): uPlot.Options {
  const style = getComputedStyle(element);
  const colourOf = (name: string) => style.getPropertyValue(name).trim();
  const { series, height, syncKey, yRange } = read();
  const axis = {
    stroke: colourOf("--quiet"),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: colourOf("--grid"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: Math.max(120, element.clientWidth),
    height,
    padding: [8, 6, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: syncKey, setSeries: false }, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      x: { time: false, range: (_, min, max) => [Math.min(min ?? 0, 0), Math.max(max ?? 0, 10)] },
      y: {
        range: (_, __, max) =>
          yRange ? [yRange[0], yRange[1]] : [0, Math.max(read().yFloor, (max ?? 0) * 1.15)],
      },
    },
    axes: [
      { ...axis, size: 22, gap: 4, space: 60, grid: { show: false }, incrs: WHOLE_INCREMENTS },
      { ...axis, size: 38, gap: 6, space: 32 },
    ],
    series: [{}, ...seriesOptions(series, colourOf)],
    hooks: {
      draw: [
        (chart) => drawMarks(chart, read().marks, colourOf("--edge")),
        (chart) => drawPick(chart, read().pick, colourOf("--text")),
      ],
    },
  };
}

export function LineChart(props: LineChartProps) {
  const boxRef = useRef<HTMLDivElement>(null);
  const chartRef = useRef<uPlot | null>(null);
  const propsRef = useRef(props);
  propsRef.current = props;
  const shape = props.series.map((line) => line.label).join();

  // biome-ignore lint/correctness/useExhaustiveDependencies: made anew only when series or colours change
  useEffect(() => {
    const box = boxRef.current;
    if (!box) return;
    const read = () => propsRef.current;
    const chart = new uPlot(makeOptions(box, read), tableOf(read()), box);
    chartRef.current = chart;
    const pick = () => {
      const x =
        chart.cursor.idx === null || chart.cursor.idx === undefined ? null : chart.data[0][chart.cursor.idx];
      if (typeof x === "number") read().onPick(x);
    };
    chart.over.addEventListener("click", pick);
    const watch = new ResizeObserver(() => chart.setSize({ width: box.clientWidth, height: read().height }));
    watch.observe(box);
    return () => {
      watch.disconnect();
      chart.destroy();
      chartRef.current = null;
    };
  }, [shape, props.themeKey]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn again when any of these moves, whatever it reads
  useEffect(
    () => chartRef.current?.setData(tableOf(propsRef.current)),
    [props.xs, props.smoothing, props.marks, props.pick],
  );
  return (
    <div
      ref={boxRef}
      className={styles.chart}
      style={{ height: props.height }}
      role="img"
      aria-label={props.label}
    />
  );
}
