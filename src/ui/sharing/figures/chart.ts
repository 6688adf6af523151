/** A line chart on a canvas, with the look of those on the page: faint as measured, strong as smoothed. */
import { smooth } from "../../charts/smoothing.ts";
import { font } from "./figure.ts";
import type { Palette, Token } from "./palette.ts";
import { chooseTicks, formatTick } from "./ticks.ts";

export interface ChartLine {
  readonly label: string;
  readonly colour: Token;
  readonly isDashed: boolean;
  readonly values: Float32Array;
  /** The newest smoothed value in words. */
  readonly reading: string;
  /** Of another run: only smoothed, thin, through gaps, and not in the head. */
  readonly isReference: boolean;
}

export interface Chart {
  readonly title: string;
  readonly xs: Float32Array;
  readonly lines: readonly ChartLine[];
  readonly smoothing: number;
  /** x at which something was changed. */
  readonly marks: readonly number[];
  readonly yFloor: number;
  readonly yRange?: readonly [number, number];
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

type Context = CanvasRenderingContext2D;

const HEAD = 26;
const AXIS_LEFT = 42;
const AXIS_BOTTOM = 22;
const DASH = [6, 5];
const MARK = 8;

/** Position of a value within a box. */
interface Scales {
  readonly toX: (value: number) => number;
  readonly toY: (value: number) => number;
  readonly xTicks: readonly number[];
  readonly yTicks: readonly number[];
}

function highest(values: Float32Array): number {
  return values.reduce((most, value) => (value > most ? value : most), 0);
}

function makeScales({ xs, lines, yFloor, yRange }: Chart, plot: Box): Scales {
  const xFrom = Math.min(xs[0] ?? 0, 0);
  const xTo = Math.max(xs.at(-1) ?? 0, 10);
  const top = Math.max(...lines.map(({ values }) => highest(values)));
  const [yFrom, yTo] = yRange ?? [0, Math.max(yFloor, top * 1.15)];
  return {
    toX: (value) => plot.x + ((value - xFrom) / (xTo - xFrom)) * plot.width,
    toY: (value) => plot.y + plot.height - ((value - yFrom) / (yTo - yFrom)) * plot.height,
    xTicks: chooseTicks(xFrom, xTo, plot.width / 70, true),
    yTicks: chooseTicks(yFrom, yTo, plot.height / 44),
  };
}

function paintAxes(context: Context, palette: Palette, plot: Box, scales: Scales): void {
  const { toX, toY, xTicks, yTicks } = scales;
  context.font = font(palette, 12);
  context.lineWidth = 1;
  context.strokeStyle = palette["--grid"];
  context.fillStyle = palette["--quiet"];
  context.textAlign = "right";
  for (const tick of yTicks) {
    context.beginPath();
    context.moveTo(plot.x, toY(tick));
    context.lineTo(plot.x + plot.width, toY(tick));
    context.stroke();
    context.fillText(formatTick(tick, yTicks), plot.x - 8, toY(tick) + 4);
  }
  context.textAlign = "center";
  for (const tick of xTicks) context.fillText(String(tick), toX(tick), plot.y + plot.height + 18);
  context.textAlign = "left";
}

/** One point makes no line: it is drawn as a dot. */
function paintLine(
  context: Context,
  xs: Float32Array,
  values: Float32Array,
  { toX, toY }: Scales,
  spansGaps = false,
): void {
  context.beginPath();
  let isOpen = false;
  let points = 0;
  let last: readonly [number, number] = [0, 0];
  for (const [at, value] of values.entries()) {
    if (Number.isNaN(value)) {
      isOpen &&= spansGaps;
      continue;
    }
    const [x, y] = [toX(xs[at] ?? 0), toY(value)];
    if (isOpen) context.lineTo(x, y);
    else context.moveTo(x, y);
    isOpen = true;
    points += 1;
    last = [x, y];
  }
  if (points === 1) context.arc(...last, 2, 0, 2 * Math.PI);
  if (points > 0) context.stroke();
}

function paintMarks(
  context: Context,
  palette: Palette,
  plot: Box,
  marks: readonly number[],
  { toX }: Scales,
): void {
  context.fillStyle = palette["--edge"];
  const bottom = plot.y + plot.height;
  for (const mark of marks) {
    const x = toX(mark);
    context.beginPath();
    context.moveTo(x, bottom - MARK);
    context.lineTo(x + MARK / 2, bottom);
    context.lineTo(x - MARK / 2, bottom);
    context.fill();
  }
}

/** Title on the left; on the right each line's sample, name and newest value. */
function paintHead(context: Context, palette: Palette, { title, lines: all }: Chart, box: Box): void {
  const lines = all.filter(({ isReference }) => !isReference);
  context.fillStyle = palette["--text"];
  context.font = font(palette, 15, 600);
  context.fillText(title, box.x, box.y + 14);
  let right = box.x + box.width;
  const put = (text: string, style: string, colour: Token, after: number) => {
    context.font = style;
    context.fillStyle = palette[colour];
    right -= context.measureText(text).width;
    context.fillText(text, right, box.y + 14);
    right -= after;
  };
  for (const line of lines.toReversed()) {
    put(line.reading, font(palette, 14, 600), "--text", 7);
    if (lines.length === 1) continue;
    put(line.label, font(palette, 13), "--quiet", 6);
    context.strokeStyle = palette[line.colour];
    context.lineWidth = 2;
    context.setLineDash(line.isDashed ? DASH : []);
    context.beginPath();
    context.moveTo(right - 18, box.y + 10);
    context.lineTo(right, box.y + 10);
    context.stroke();
    context.setLineDash([]);
    right -= 18 + 16;
  }
}

export function paintChart(context: Context, palette: Palette, chart: Chart, box: Box): void {
  const plot = {
    x: box.x + AXIS_LEFT,
    y: box.y + HEAD + 6,
    width: box.width - AXIS_LEFT,
    height: box.height - HEAD - 6 - AXIS_BOTTOM,
  };
  const scales = makeScales(chart, plot);
  paintHead(context, palette, chart, box);
  paintAxes(context, palette, plot, scales);
  context.save();
  context.beginPath();
  context.rect(plot.x, plot.y - 2, plot.width, plot.height + 4);
  context.clip();
  context.lineJoin = "round";
  for (const { colour, isDashed, isReference, values } of chart.lines) {
    context.strokeStyle = palette[colour];
    context.setLineDash([]);
    context.lineWidth = 1;
    context.globalAlpha = 0.28;
    if (!isReference) paintLine(context, chart.xs, values, scales);
    context.globalAlpha = 1;
    context.lineWidth = isReference ? 1.25 : 2;
    context.setLineDash(isDashed ? DASH : []);
    paintLine(context, chart.xs, smooth(values, chart.smoothing), scales, isReference);
  }
  context.setLineDash([]);
  paintMarks(context, palette, plot, chart.marks, scales);
  context.restore();
}
