import { describe, expect, it } from "vitest";
import { makeConfig } from "../config.ts";
import type { MemoryDemand } from "../models/unified.ts";
import { describePlan, formatBytes, peakBytes, planMemory } from "./memoryPlan.ts";

const GIB = 2 ** 30;
const MIB = 2 ** 20;

/** 1 GiB of f32 weights, 100 MiB a drawn image, 400 MiB an image of a tape or a quarter of it. */
const model = {
  estimateMemory: ({ weights = "f32", imagesPerCall, imagesPerPass, isRecomputed }: MemoryDemand) => ({
    weights: weights === "f32" ? GIB : weights === "int8" ? GIB / 4 : GIB / 8,
    adapter: 0,
    optimizer: 0,
    drawing: imagesPerCall * 100 * MIB,
    answering: 0,
    images: 0,
    learning: imagesPerPass * (isRecomputed ? 100 : 400) * MIB,
  }),
};
const plan = (memoryBudget: number) => planMemory(model, makeConfig("robust", { memoryBudget }));

describe("peakBytes", () => {
  it("adds what stays and the largest of what comes and goes", () => {
    const bytes = {
      weights: 1,
      adapter: 2,
      optimizer: 4,
      drawing: 8,
      answering: 32,
      images: 16,
      learning: 24,
    };
    expect(peakBytes(bytes)).toBe(1 + 2 + 4 + 32);
  });
});

describe("planMemory", () => {
  it("takes the most images at once that fit", () => {
    expect(plan(16).limits).toEqual({ imagesPerCall: 32, imagesPerPass: 8, isRecomputed: false });
    // 4 GiB leave 3: 30.72 images drawn, 7.68 on a tape.
    expect(plan(4).limits).toEqual({ imagesPerCall: 16, imagesPerPass: 4, isRecomputed: false });
  });

  it("plans no more images a call than hold a step", () => {
    const sizes = [2, 3, 8, 9, 16].map((groupSize) => {
      const config = makeConfig("robust", { memoryBudget: 128, promptsPerStep: 1, groupSize });
      return planMemory(model, config).limits.imagesPerCall;
    });
    expect(sizes).toEqual([2, 4, 8, 16, 16]);
  });

  it("computes layers again only where a whole tape of one image is too much", () => {
    // 410 MiB are left, then 307.
    expect(plan(1.4).limits).toEqual({ imagesPerCall: 4, imagesPerPass: 1, isRecomputed: false });
    expect(plan(1.3).limits).toEqual({ imagesPerCall: 2, imagesPerPass: 2, isRecomputed: true });
  });

  it("says what it found", () => {
    const { peak, budget } = plan(1.3);
    expect([peak, budget]).toEqual([GIB + 200 * MIB, 1.3 * GIB]);
    expect(describePlan(plan(1.3))).toContain(
      "2 images a pass, layers computed again".replace("images a", "a"),
    );
  });

  it("refuses what cannot fit, with what is missing and what would", () => {
    expect(() => plan(0.5)).toThrowError(
      expect.objectContaining({ code: "outOfMemory", message: expect.stringContaining("1.10 GiB") }),
    );
    expect(() => plan(0.5)).toThrowError(
      /int8 weights \(356\.0 MiB\).*int4 weights \(228\.0 MiB\).*1\.25 GiB/,
    );
    // Nothing but a larger budget helps.
    expect(() => plan(0.1)).toThrowError(/Either raise the memory budget to 1\.25 GiB/);
  });
});

describe("formatBytes", () => {
  it("takes the unit that fits", () => {
    expect(formatBytes(1.5 * GIB)).toBe("1.50 GiB");
    expect(formatBytes(12.34 * MIB)).toBe("12.3 MiB");
  });
});
