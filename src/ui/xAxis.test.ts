import { expect, it } from "vitest";
import { MetricColumns } from "./stores/metricColumns.ts";
import { axisOf, nearest, placeOf } from "./xAxis.ts";

function run(): MetricColumns {
  const columns = new MetricColumns();
  columns.push(1, { stepSeconds: 2 }, 32);
  columns.push(2, {}, 32);
  columns.push(3, { stepSeconds: 4 }, 16);
  return columns;
}

it("adds up images and seconds, over steps that report none", () => {
  expect(Array.from(axisOf(run(), "step") ?? [])).toEqual([1, 2, 3]);
  expect(Array.from(axisOf(run(), "images") ?? [])).toEqual([32, 64, 80]);
  expect(Array.from(axisOf(run(), "seconds") ?? [])).toEqual([2, 2, 6]);
});

it("says so when a run does not tell what it cost, and is empty before the first step", () => {
  const untold = new MetricColumns();
  expect(axisOf(untold, "images")?.length).toBe(0);
  untold.push(1, { rewardMean: 0.5 });
  expect(axisOf(untold, "images")).toBeNull();
  expect(axisOf(untold, "seconds")).toBeNull();
});

it("starts again at the step that a roll-back went to", () => {
  const columns = run();
  columns.push(2, { stepSeconds: 1 }, 8);
  expect(Array.from(axisOf(columns, "images") ?? [])).toEqual([32, 40]);
});

it("finds the step under a pointer and the place of a step", () => {
  const xs = Float32Array.of(32, 64, 80);
  expect([0, 47, 49, 73, 500].map((x) => nearest(xs, x))).toEqual([0, 0, 1, 2, 2]);
  expect(nearest(new Float32Array(0), 3)).toBe(-1);
  expect([0, 1, 2, 9].map((step) => placeOf(run(), xs, step))).toEqual([0, 32, 64, 80]);
});
