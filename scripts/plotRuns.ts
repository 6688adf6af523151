/**
 * Draws a metric of several runs over steps as an SVG: faint as measured, strong smoothed.
 * `npx tsx scripts/plotRuns.ts rewardMean docs/img/rewards.svg RUN/metrics.jsonl …`
 */
import { readFileSync, writeFileSync } from "node:fs";
import { smooth } from "../src/ui/charts/smoothing.ts";

/** Okabe–Ito, as the page's curves. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"];
const WIDTH = 720;
const HEIGHT = 320;
const MARGIN = { left: 48, right: 16, top: 32, bottom: 36 };
const SMOOTHING = 0.8;

/** One value per finished step. @throws Error naming the file when the metric is missing */
function readColumn(path: string, metric: string): Float32Array {
  const rows = readFileSync(path, "utf8").trim().split("\n");
  return Float32Array.from(rows, (row, at) => {
    const value = (JSON.parse(row) as Record<string, unknown>)[metric];
    if (typeof value === "number") return value;
    throw new Error(`${path}, line ${at + 1}, has no number "${metric}".`);
  });
}

const [metric, target, ...paths] = process.argv.slice(2);
if (!metric || !target || paths.length === 0) {
  console.error("usage: tsx scripts/plotRuns.ts METRIC OUT.svg METRICS.jsonl …");
  process.exit(2);
}
const runs = paths.map((path) => readColumn(path, metric));
const steps = Math.max(...runs.map((run) => run.length));
const top = Math.max(1e-9, ...runs.flatMap((run) => [...run]));
const x = (step: number) => MARGIN.left + ((WIDTH - MARGIN.left - MARGIN.right) * step) / steps;
const y = (value: number) => HEIGHT - MARGIN.bottom - ((HEIGHT - MARGIN.top - MARGIN.bottom) * value) / top;
const line = (values: Float32Array, colour: string, style: string) =>
  `<polyline fill="none" stroke="${colour}" ${style} points="${[...values]
    .map((value, at) => `${x(at + 1).toFixed(1)},${y(value).toFixed(1)}`)
    .join(" ")}"/>`;
const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
  const at = y(share * top).toFixed(1);
  return `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at}" y2="${at}" stroke="#dde1e7"/><text x="${MARGIN.left - 6}" y="${at}" text-anchor="end" dominant-baseline="middle">${(share * top).toFixed(2)}</text>`;
});
const curves = runs.map((run, at) => {
  const colour = COLOURS[at % COLOURS.length] ?? "#000000";
  const name = `<text x="${WIDTH - MARGIN.right - 70 * (runs.length - at - 1)}" y="18" text-anchor="end" fill="${colour}">run ${at}</text>`;
  return (
    line(run, colour, 'stroke-opacity="0.25"') +
    line(smooth(run, SMOOTHING), colour, 'stroke-width="2.5"') +
    name
  );
});
const labels = `<text x="${MARGIN.left}" y="18">${metric}</text><text x="${WIDTH - MARGIN.right}" y="${HEIGHT - 10}" text-anchor="end">step ${steps}</text>`;
writeFileSync(
  target,
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" fill="#14181f"><rect width="100%" height="100%" fill="#ffffff"/>${grid.join("")}${curves.join("")}${labels}</svg>\n`,
);
