/** What is drawn over a chart's lines: ticks where something was changed, and the picked x. */
import type uPlot from "uplot";

const MARK_HEIGHT = 7;

function within(chart: uPlot, x: number): number | null {
  const at = Math.round(chart.valToPos(x, "x", true));
  return at >= chart.bbox.left && at <= chart.bbox.left + chart.bbox.width ? at : null;
}

/** Small triangles on the x axis. */
export function drawMarks(chart: uPlot, marks: readonly number[], colour: string): void {
  const { ctx, bbox } = chart;
  const size = MARK_HEIGHT * devicePixelRatio;
  const bottom = bbox.top + bbox.height;
  ctx.save();
  ctx.fillStyle = colour;
  for (const mark of marks) {
    const at = within(chart, mark);
    if (at === null) continue;
    ctx.beginPath();
    ctx.moveTo(at, bottom - size);
    ctx.lineTo(at + size / 2, bottom);
    ctx.lineTo(at - size / 2, bottom);
    ctx.fill();
  }
  ctx.restore();
}

/** A thin line at the picked x. */
export function drawPick(chart: uPlot, pick: number | null, colour: string): void {
  const at = pick === null ? null : within(chart, pick);
  if (at === null) return;
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.globalAlpha = 0.6;
  ctx.lineWidth = devicePixelRatio;
  // A dashed line of the chart leaves its dashes behind.
  ctx.setLineDash([]);
  ctx.beginPath();
  ctx.moveTo(at, bbox.top);
  ctx.lineTo(at, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}
