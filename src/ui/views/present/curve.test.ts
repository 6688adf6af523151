import { expect, it } from "vitest";
import { pathOf, placeNames } from "./curve.ts";

it("draws points from the left and from below, and lifts the pen at a gap", () => {
  const xs = Float32Array.of(0, 5, 10, 20);
  expect(pathOf(xs, Float32Array.of(0, 0.5, 0.75, 1), 20)).toBe("M0 100L25 50L50 25L100 0");
  expect(pathOf(xs, Float32Array.of(0, Number.NaN, 0.75, 1), 20)).toBe("M0 100M50 25L100 0");
  expect(pathOf(xs, new Float32Array(4).fill(Number.NaN), 20)).toBe("");
});

const near = (tops: number[]) => tops.map((top) => Number(top.toFixed(4)));

it("puts names beside their ends, moves close ones apart and keeps them inside", () => {
  expect(near(placeNames([0.9, 0.2], 0.2))).toEqual([0.1, 0.8]);
  expect(near(placeNames([0.5, 0.5], 0.2))).toEqual([0.4, 0.6]);
  expect(near(placeNames([0.48, 0.52], 0.2))).toEqual([0.6, 0.4]);
  expect(near(placeNames([1, 1], 0.2))).toEqual([0, 0.2]);
  expect(near(placeNames([0, 0.05], 0.2))).toEqual([1, 0.8]);
  expect(placeNames([], 0.2)).toEqual([]);
});
