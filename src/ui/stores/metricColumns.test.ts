import { expect, it } from "vitest";
import { MetricColumns } from "./metricColumns.ts";

it("grows beyond its first capacity without losing a value", () => {
  const columns = new MetricColumns();
  for (let step = 1; step <= 1000; step++) columns.push(step, { rewardMean: step / 1000 });
  expect(columns.length).toBe(1000);
  expect(columns.column("rewardMean")[499]).toBeCloseTo(0.5, 6);
  expect(columns.steps()[999]).toBe(1000);
});

it("marks what a step did not report, and says so", () => {
  const columns = new MetricColumns();
  columns.push(1, { rewardMean: 0.5 });
  expect(columns.column("klImage")[0]).toBeNaN();
  expect(columns.last("klImage")).toBeNull();
  expect(columns.last("rewardMean")).toBe(0.5);
});

it("overwrites a step played again after a roll-back", () => {
  const columns = new MetricColumns();
  for (const step of [1, 2, 3]) columns.push(step, { rewardMean: step });
  columns.push(2, { rewardMean: 20 });
  expect(Array.from(columns.steps())).toEqual([1, 2]);
  expect(columns.last("rewardMean")).toBe(20);
});

it("copies itself, so that what is shown can stand still", () => {
  const columns = new MetricColumns();
  columns.push(1, { rewardMean: 0.5 }, 32);
  const copy = columns.copy();
  columns.push(1, { rewardMean: 0.25 }, 8);
  columns.push(2, { rewardMean: 0.25 }, 8);
  expect([copy.length, copy.last("rewardMean"), copy.images()[0]]).toEqual([1, 0.5, 32]);
});
