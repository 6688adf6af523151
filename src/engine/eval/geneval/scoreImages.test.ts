import { describe, expect, it } from "vitest";
import { createRng } from "../../rng.ts";
import { counting, type Metadata, singleObject, TAGS } from "../../world/sentences.ts";
import { type ScoredImage, scoreGain, scoreImages } from "./scoreImages.ts";

const images = (metadata: Metadata, ...verdicts: number[]): ScoredImage[] =>
  verdicts.map((verdict) => ({ metadata, correct: verdict === 1 }));

describe("scoreImages", () => {
  const judged = [
    ...images(singleObject("dog"), 1, 0, 1),
    ...images(counting("dog", 2), 0),
    ...images(singleObject("cat"), 1),
  ];

  it("averages images within a task, and tasks without weights", () => {
    const scores = scoreImages(judged, 0);
    // single_object: 3 of 4 images. counting: 0 of 1. Mean of the two tasks; 3 of 5 images; 2 of 3 prompts.
    expect(scores.tasks.get("single_object")).toMatchObject({ mean: 3 / 4, count: 2 });
    expect(scores.tasks.get("counting")).toMatchObject({ mean: 0, low: 0, high: 0, count: 1 });
    expect(scores.overall).toMatchObject({ mean: 3 / 8, count: 3 });
    expect(scores.images.mean).toBe(3 / 5);
    expect(scores.prompts.mean).toBeCloseTo(2 / 3, 12);
    expect(scores.missing).toEqual(["two_object", "colors", "position", "color_attr"]);
    expect([...scores.tasks.keys()]).toEqual(["single_object", "counting"]);
  });

  it("does not depend on the order of the images, but for the draws of its intervals", () => {
    const shuffled = scoreImages(createRng(2).shuffle(judged), 0);
    const scores = scoreImages(judged, 0);
    expect(shuffled.overall.mean).toBe(scores.overall.mean);
    expect(shuffled.images.mean).toBe(scores.images.mean);
    expect(shuffled.prompts.mean).toBe(scores.prompts.mean);
  });

  it("repeats with its seed", () => {
    const many = [...Array(30).keys()].flatMap((at) =>
      images(singleObject(`class ${at}`), at % 2, at % 3 === 0 ? 1 : 0),
    );
    expect(scoreImages(many, 4)).toEqual(scoreImages(many, 4));
    expect(scoreImages(many, 4).overall.low).toBeLessThan(scoreImages(many, 4).overall.mean);
    expect(scoreImages(many, 4).overall.high).toBeGreaterThan(scoreImages(many, 4).overall.mean);
  });

  it("says nothing of no images", () => {
    const scores = scoreImages([], 0);
    expect(scores.missing).toEqual(TAGS);
    expect([scores.overall.mean, scores.images.mean, scores.prompts.mean]).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
  });
});

describe("scoreGain", () => {
  const before = [...images(singleObject("dog"), 1, 0), ...images(counting("dog", 2), 0)];

  it("pairs images, and averages tasks without weights", () => {
    const after = [...images(singleObject("dog"), 1, 1), ...images(counting("dog", 2), 1)];
    const gain = scoreGain(before, after, 0);
    expect(gain.tasks.get("single_object")?.mean).toBe(1 / 2);
    expect(gain.tasks.get("counting")?.mean).toBe(1);
    expect(gain.overall).toMatchObject({ mean: 3 / 4, count: 2 });
  });

  it("is the difference of the scores", () => {
    const after = [...images(singleObject("dog"), 0, 0), ...images(counting("dog", 2), 1)];
    const difference = scoreImages(after, 0).overall.mean - scoreImages(before, 0).overall.mean;
    expect(scoreGain(before, after, 0).overall.mean).toBeCloseTo(difference, 12);
  });

  it("refuses lists of other prompts", () => {
    expect(() => scoreGain(before, before.slice(1), 0)).toThrow(/Image 2 is of other prompts/);
    expect(() => scoreGain(before, [], 0)).toThrow(/after \("none"\)/);
  });
});
