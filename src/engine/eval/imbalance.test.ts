import { describe, expect, it } from "vitest";
import { counting, singleObject } from "../world/sentences.ts";
import {
  drawingGivenUnderstanding,
  isRedraw,
  type PoolImage,
  planRedraw,
  understandingGivenDrawing,
} from "./imbalance.ts";

const dog = singleObject("dog");
const cars = counting("car", 2);

describe("Acc(MMU|T2I)", () => {
  const judged = [
    { metadata: dog, correct: true, answer: "dog" },
    { metadata: dog, correct: true, answer: "car" },
    // Right about a wrong picture: out of the count.
    { metadata: dog, correct: false, answer: "dog" },
    { metadata: cars, correct: true, answer: "two cars" },
    { metadata: cars, correct: true, answer: "two cars" },
    // Half right is not exact.
    { metadata: cars, correct: true, answer: "three cars" },
    { metadata: cars, correct: false, answer: "three cars" },
  ];

  it("is the share of exact answers among correct images", () => {
    const { all, tasks } = understandingGivenDrawing(judged, 0);
    expect(all).toMatchObject({ passed: 3, kept: 5, total: 7, share: { mean: 3 / 5, count: 2 } });
    expect(tasks.get("single_object")).toMatchObject({
      passed: 1,
      kept: 2,
      total: 3,
      share: { mean: 1 / 2 },
    });
    expect(tasks.get("counting")).toMatchObject({ passed: 2, kept: 3, total: 4, share: { mean: 2 / 3 } });
    expect(tasks.has("position")).toBe(false);
    // Two prompts are resampled: the extremes are one of them twice.
    expect([all.share.low, all.share.high]).toEqual([1 / 2, 2 / 3]);
  });

  it("is no number where nothing is correct", () => {
    const { all, tasks } = understandingGivenDrawing([{ metadata: dog, correct: false, answer: "dog" }], 0);
    expect(all).toMatchObject({ passed: 0, kept: 0, total: 1, share: { mean: Number.NaN, count: 0 } });
    expect(tasks.get("single_object")?.kept).toBe(0);
  });
});

describe("Acc(T2I|MMU)", () => {
  it("is the share of correct redraws among images answered exactly", () => {
    const { all, tasks } = drawingGivenUnderstanding(
      [
        { metadata: dog, answer: "dog", redrawn: true },
        { metadata: dog, answer: "dog", redrawn: false },
        { metadata: dog, answer: "car", redrawn: null },
        { metadata: cars, answer: "two cars", redrawn: true },
        { metadata: cars, answer: "one car", redrawn: null },
      ],
      0,
    );
    expect(all).toMatchObject({ passed: 2, kept: 3, total: 5, share: { mean: 2 / 3 } });
    expect(tasks.get("single_object")).toMatchObject({ passed: 1, kept: 2, total: 3 });
    expect(tasks.get("counting")).toMatchObject({ passed: 1, kept: 1, total: 2, share: { mean: 1 } });
  });

  it("draws under a name of its own for every image of the pool", () => {
    const image = (number: number): PoolImage => ({
      metadata: dog,
      seen: true,
      codes: Int32Array.of(1),
      seed: `eval/0/${dog.prompt}/${number}`,
    });
    const draws = [image(0), image(1)].map((pooled, at) => planRedraw(pooled, at, 0));
    expect(new Set(draws.map(({ seed }) => seed)).size).toBe(2);
    expect(draws.every(isRedraw)).toBe(true);
    expect(isRedraw(image(0))).toBe(false);
    expect(draws[1]).toMatchObject({ metadata: dog, seen: true, promptIndex: 1 });
  });
});
