/**
 * A small line chart: each series faint as measured and strong as smoothed, with marks on the x axis, a crosshair
 * shared by all charts of one `syncKey`, and a line at the picked x. It knows nothing of what it draws.
 */
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { drawMarks, drawPick } from "./chartLayers.ts";
import { decimate } from "./decimate.ts";
import styles from "./LineChart.module.css";
import { smooth } from "./smoothing.ts";

export interface Series {
  readonly label: string;
  /** CSS custom property that holds the colour. */
  readonly colour: string;
  readonly isDashed: boolean;
  readonly values: Float32Array;
  /** Of another run: only smoothed and thin. */
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
  /** x that is pointed at somewhere else. */
  readonly cursor: number | null;
  /** Least upper end of the y axis, so that noise around zero does not look like news. */
  readonly yFloor: number;
  /** Fixed y range, where the quantity has one. */
  readonly yRange?: readonly [number, number];
  readonly height: number;
  readonly syncKey: string;
  /** Changes when colours do, so that they are read again. */
  readonly themeKey: string;
  /** Distances that marks of the x axis may have, ascending. */
  readonly increments: readonly number[];
  /** Writes a mark of the x axis. */
  readonly formatX: (x: number) => string;
  /** Hears where the pointer is, and null when it leaves. */
  readonly onHover: (x: number | null) => void;
  readonly onPick: (x: number) => void;
}

/** One point makes no line: it is drawn as a dot. Of runs side by side, one may have a single step. */
const lonePoint: uPlot.Series.Points = {
  show: (chart, index) => {
    const values = chart.data[index] ?? [];
    const first = values.findIndex((value) => value !== null);
    return first >= 0 && values.findIndex((value, at) => at > first && value !== null) < 0;
  },
  size: 6,
};

const toGaps = (values: Float32Array): (number | null)[] =>
  Array.from(values, (value) => (Number.isNaN(value) ? null : value));

/** The whole series is smoothed, and only then cut down to what the pixels can show: the past never changes. */
function tableOf({ xs, series, smoothing }: LineChartProps, width: number): uPlot.AlignedData {
  const lines = series.flatMap(({ values }) => [values, smooth(values, smoothing)]);
  const table = decimate({ xs, columns: lines }, Math.ceil(width * devicePixelRatio));
  return [Array.from(table.xs), ...table.columns.map(toGaps)];
}

function seriesOptions(series: readonly Series[], colourOf: (name: string) => string): uPlot.Series[] {
  // Runs side by side have points where the other one has none.
  const spanGaps = series.some(({ isReference }) => isReference);
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
        spanGaps,
        show: !isReference,
      },
      {
        label,
        stroke,
        width: isReference ? 1.25 : 2,
        points: { ...lonePoint, fill: stroke },
        spanGaps,
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
      {
        ...axis,
        size: 22,
        gap: 4,
        space: 64,
        grid: { show: false },
        incrs: () => [...read().increments],
        values: (_, marks) => marks.map((mark) => read().formatX(mark)),
      },
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

/** The pointer over a chart, told in its own x. @returns the function that stops listening */
function followPointer(chart: uPlot, read: () => LineChartProps): () => void {
  const xOf = (event: MouseEvent) => {
    const x = chart.posToVal(event.clientX - chart.over.getBoundingClientRect().left, "x");
    return Number.isFinite(x) ? x : null;
  };
  const hover = (event: MouseEvent) => read().onHover(xOf(event));
  const leave = () => read().onHover(null);
  const pick = (event: MouseEvent) => {
    const x = xOf(event);
    if (x !== null && read().xs.length > 0) read().onPick(x);
  };
  const { over } = chart;
  over.addEventListener("mousemove", hover);
  over.addEventListener("mouseleave", leave);
  over.addEventListener("click", pick);
  return () => {
    over.removeEventListener("mousemove", hover);
    over.removeEventListener("mouseleave", leave);
    over.removeEventListener("click", pick);
  };
}

/** Shows the crosshair where something that is no chart points; charts tell each other. */
function pointAt(chart: uPlot, x: number | null): void {
  if (document.querySelector(".u-over:hover")) return;
  const left = x === null ? -10 : chart.valToPos(x, "x");
  chart.setCursor({ left, top: x === null ? -10 : 0 }, false);
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
    const chart = new uPlot(makeOptions(box, read), tableOf(read(), box.clientWidth), box);
    chartRef.current = chart;
    const unfollow = followPointer(chart, read);
    const watch = new ResizeObserver(() => {
      chart.setSize({ width: box.clientWidth, height: read().height });
      chart.setData(tableOf(read(), box.clientWidth));
    });
    watch.observe(box);
    return () => {
      watch.disconnect();
      unfollow();
      chart.destroy();
      chartRef.current = null;
    };
  }, [shape, props.themeKey]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn again when any of these moves, whatever it reads
  useEffect(
    () => chartRef.current?.setData(tableOf(propsRef.current, boxRef.current?.clientWidth ?? 0)),
    [props.xs, props.smoothing, props.marks, props.pick],
  );
  useEffect(() => {
    if (chartRef.current) pointAt(chartRef.current, props.cursor);
  }, [props.cursor]);
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
