import { expect, it } from "vitest";
import { smooth } from "./smoothing.ts";

it("leaves a constant series alone from its first point", () => {
  expect(Array.from(smooth(new Float32Array([2, 2, 2]), 0.9))).toEqual([2, 2, 2]);
});

it("weighs the past as computed by hand", () => {
  // w = 0.5: (0.5·1 + 0.5·0.5·0) / 0.75 for the second point of 0, 1
  const [first, second] = smooth(new Float32Array([0, 1]), 0.5);
  expect(first).toBe(0);
  expect(second).toBeCloseTo(0.5 / 0.75, 6);
});

it("passes over gaps without forgetting", () => {
  const smoothed = smooth(new Float32Array([1, Number.NaN, 1]), 0.8);
  expect(smoothed[1]).toBeNaN();
  expect(smoothed[2]).toBeCloseTo(1, 6);
});

it("never changes its past as the series grows", () => {
  const values = Float32Array.from({ length: 40 }, (_, at) => Math.sin(at));
  expect(smooth(values, 0.7).slice(0, 20)).toEqual(smooth(values.slice(0, 20), 0.7));
});
