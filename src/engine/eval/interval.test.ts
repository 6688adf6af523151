import { expect, test } from "vitest";
import { createRng } from "../rng.ts";
import { estimateMean, estimateShare } from "./interval.ts";

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
