import { expect, it } from "vitest";
import { chooseTicks, formatTick } from "./ticks.ts";

it("chooses round numbers", () => {
  expect(chooseTicks(0, 1, 4)).toEqual([0, 0.5, 1]);
  expect(chooseTicks(0, 87, 5)).toEqual([0, 20, 40, 60, 80]);
  expect(chooseTicks(-0.2, 0.4, 3).map((tick) => formatTick(tick, [0, 0.2]))).toEqual([
    "\u22120.2",
    "0.0",
    "0.2",
    "0.4",
  ]);
});

it("has no half steps", () => {
  expect(chooseTicks(0, 3, 8, true)).toEqual([0, 1, 2, 3]);
});

it("writes as many decimals as its ticks differ in", () => {
  const ticks = chooseTicks(0, 0.011, 3);
  expect(ticks.map((tick) => formatTick(tick, ticks))).toEqual(["0.000", "0.005", "0.010"]);
  expect(formatTick(2e-6, [0, 1e-6])).toBe("2e\u22126");
});

it("survives an empty range", () => {
  expect(chooseTicks(2, 2, 4)).toEqual([2]);
  expect(chooseTicks(0, Number.NaN, 4)).toEqual([0]);
});
