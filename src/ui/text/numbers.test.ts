import { expect, it } from "vitest";
import {
  formatAxis,
  formatBytes,
  formatCount,
  formatLeft,
  formatMetric,
  formatMoment,
  formatSeconds,
  formatShare,
  formatSigned,
} from "./numbers.ts";

it("writes bytes in decimal units", () => {
  expect([0, 999, 1500, 11_400_000, 999_999, 1.3e9].map(formatBytes)).toEqual([
    "0 B",
    "999 B",
    "1.50 kB",
    "11.4 MB",
    "1.00 MB",
    "1.30 GB",
  ]);
});

it("writes durations by their size", () => {
  expect([0.824, 41.2, 185].map(formatSeconds)).toEqual(["0.82 s", "41 s", "3 min 05 s"]);
});

it("writes the day only of another day", () => {
  const noon = new Date(2026, 10, 26, 12, 4).getTime();
  const clock = formatMoment(noon, noon + 3_600_000);
  expect(clock).toMatch(/^12:04/);
  expect(formatMoment(noon, noon + 13 * 3_600_000)).toContain(clock);
  expect(formatMoment(noon, noon + 13 * 3_600_000)).toContain("26");
});

it("always shows the sign of an advantage, but none on zero", () => {
  expect([1.118, -0.4, 0.001, -0.001].map(formatSigned)).toEqual(["+1.12", "\u22120.40", "0.00", "0.00"]);
});

it("writes metrics with few digits and gaps as dashes", () => {
  expect([0, 0.00004, 0.0321, 0.61, 12.34, Number.NaN].map(formatMetric)).toEqual([
    "0",
    "4.0e\u22125",
    "0.032",
    "0.610",
    "12.3",
    "–",
  ]);
});

it("groups digits", () => {
  expect(formatCount(4_213_876)).toBe("4\u2009213\u2009876");
});

it("never rounds a probability to certainty", () => {
  expect([0, 0.184, 0.9852, 0.9932, 0.99983, 0.999999, 1].map(formatShare)).toEqual([
    "0 %",
    "18 %",
    "98.5 %",
    "99.3 %",
    "99.98 %",
    "> 99.99 %",
    "100 %",
  ]);
  expect([0.004, 0.00002].map(formatShare)).toEqual(["0.4 %", "< 0.01 %"]);
});

it("writes the marks of an axis short enough to stand side by side", () => {
  expect([0, 500, 1000, 20_000, 12_500].map((x) => formatAxis(x, "images"))).toEqual([
    "0",
    "500",
    "1\u2009000",
    "20k",
    "12.5k",
  ]);
  expect([0, 60, 120, 600, 5400, 18_000].map((x) => formatAxis(x, "seconds"))).toEqual([
    "0 s",
    "60 s",
    "2 min",
    "10 min",
    "1.5 h",
    "5 h",
  ]);
});

it("says what is left as roughly as it is known", () => {
  expect([0.2, 40.2, 600, 5500].map(formatLeft)).toEqual(["1 s", "41 s", "10 min", "1.5 h"]);
});
