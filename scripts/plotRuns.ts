/**
 * Draws a metric of several runs over steps as an SVG: faint as measured, strong smoothed.
 * `npx tsx scripts/plotRuns.ts rewardMean docs/img/rewards.svg RUN/metrics.jsonl …`
 */
import { readFileSync, writeFileSync } from "node:fs";
import { smooth } from "../src/ui/charts/smoothing.ts";
import { COLOURS, lineChart, type Series } from "./lineChart.ts";

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
const toPoints = (values: Float32Array) => Array.from(values, (value, at) => [at + 1, value] as const);
const series = paths.flatMap((path, at): Series[] => {
  const column = readColumn(path, metric);
  const colour = COLOURS[at % COLOURS.length] ?? "#000000";
  return [
    { name: "", colour, points: toPoints(column), look: "faint" },
    { name: `run ${at}`, colour, points: toPoints(smooth(column, SMOOTHING)) },
  ];
});
writeFileSync(target, lineChart(metric, "step", series));
