import { expect, test } from "vitest";
import { createRng } from "../rng.ts";
import { estimateClusteredMean, estimateMean, estimateShare } from "./interval.ts";

test("Wilson's interval has the textbook values", () => {
  const half = estimateShare(50, 100);
  expect(half.mean).toBe(0.5);
  expect(half.low).toBeCloseTo(0.4038, 4);
  expect(half.high).toBeCloseTo(0.5962, 4);
  const none = estimateShare(0, 10);
  expect(none.low).toBe(0);
  expect(none.high).toBeCloseTo(0.2775, 4);
  expect(estimateShare(0, 0)).toMatchObject({ low: 0, high: 1, count: 0 });
});

test("the bootstrap interval holds the mean, narrows with the sample and repeats with its seed", () => {
  const few = Array.from({ length: 20 }, (_, at) => at % 2);
  const many = Array.from({ length: 2000 }, (_, at) => at % 2);
  const wide = estimateMean(few, createRng(1));
  const narrow = estimateMean(many, createRng(1));
  expect(wide.mean).toBe(0.5);
  expect(wide.low).toBeLessThan(0.5);
  expect(wide.high).toBeGreaterThan(0.5);
  // Standard error 0.5/√n, so ±1.96 of it: ±0.219 and ±0.0219.
  expect(wide.high - wide.low).toBeCloseTo(0.438, 1);
  expect(narrow.high - narrow.low).toBeCloseTo(0.0438, 2);
  expect(estimateMean(few, createRng(1))).toEqual(wide);
  expect(estimateMean([0.7, 0.7], createRng(1))).toMatchObject({ low: 0.7, high: 0.7 });
});

test("the clustered bootstrap resamples whole clusters, and averages strata without weights", () => {
  const values = Array.from({ length: 100 }, (_, at) => at % 2);
  const singles = values.map((sum) => ({ sum, count: 1 }));
  expect(estimateClusteredMean([singles], createRng(1))).toEqual(estimateMean(values, createRng(1)));
  // Four images that are always alike tell no more than one: the interval stays that of 100 observations.
  const fours = values.map((sum) => ({ sum: 4 * sum, count: 4 }));
  expect(estimateClusteredMean([fours], createRng(1))).toEqual(estimateMean(values, createRng(1)));
  // Standard error of the mean of two strata, n = 100 and 400: ½ √(0.25/100 + 0.25/400) = 0.02795.
  const large = Array.from({ length: 400 }, (_, at) => ({ sum: at % 2, count: 1 }));
  const both = estimateClusteredMean([singles, large], createRng(1));
  expect(both.high - both.low).toBeCloseTo(2 * 1.96 * 0.02795, 2);
  expect(both).toMatchObject({ mean: 0.5, count: 500 });
  // (1 + 0) / 2, although three of four observations are 1.
  const uneven = estimateClusteredMean([[{ sum: 3, count: 3 }], [{ sum: 0, count: 1 }]], createRng(1));
  expect(uneven).toMatchObject({ mean: 0.5, low: 0.5, high: 0.5, count: 2 });
  expect(estimateClusteredMean([], createRng(1)).mean).toBeNaN();
});
