import { describe, expect, it } from "vitest";
import { makeConfig } from "../config.ts";
import { createRng } from "../rng.ts";
import { computeAdvantages, groupStatistics, isDeadGroup } from "./advantage.ts";
import { drawHiddenMasks, remaskRatio, replayViews } from "./imageViews.ts";
import { takeChanges } from "./liveConfig.ts";
import { computeMetrics, tokenDistance } from "./metrics.ts";
import type { JudgedGroup } from "./task.ts";

describe("computeAdvantages", () => {
  it("gives the hand-computed values", () => {
    // mean .5, population std .5
    const [high, low] = computeAdvantages([1, 0], 5);
    expect(high).toBeCloseTo(0.5 / 0.5001, 10);
    expect(low).toBeCloseTo(-0.5 / 0.5001, 10);
    expect(groupStatistics([1, 2, 3, 4])).toEqual({ mean: 2.5, std: Math.sqrt(1.25) });
  });

  it("sums to zero for any group and is zero for equal rewards", () => {
    const rng = createRng("advantages");
    for (let trial = 0; trial < 50; trial++) {
      const rewards = Array.from(rng.uniforms(2 + rng.int(10)));
      const total = computeAdvantages(rewards, 5).reduce((all, each) => all + each, 0);
      expect(Math.abs(total)).toBeLessThan(1e-9);
    }
    const equal = [0.1 + 0.2, 0.3, 0.3];
    expect(isDeadGroup(equal)).toBe(true);
    expect(computeAdvantages(equal, 5)).toEqual([0, 0, 0]);
    expect(isDeadGroup([0.25, 0.5])).toBe(false);
  });

  it("does not divide by the spread for Dr.GRPO", () => {
    expect(computeAdvantages([1, 0, 0.5], 5, "none")).toEqual([0.5, -0.5, 0]);
  });

  it("clamps outliers", () => {
    const rewards = [1, ...Array.from({ length: 99 }, () => 0)];
    expect(computeAdvantages(rewards, 5)[0]).toBe(5);
  });
});

describe("replayViews", () => {
  it("hides what was undecided before each step and scores what that step decided", () => {
    const views = replayViews(Uint8Array.from([0, 2, 1, 2]), 3);
    expect(views.map(({ hidden }) => [...hidden])).toEqual([
      [1, 1, 1, 1],
      [0, 1, 1, 1],
      [0, 1, 0, 1],
    ]);
    expect(views.map(({ scored }) => [...scored])).toEqual([
      [1, 0, 0, 0],
      [0, 0, 1, 0],
      [0, 1, 0, 1],
    ]);
  });
});

describe("drawHiddenMasks", () => {
  it("hides more in later draws, and repeats with the stream", () => {
    expect(remaskRatio(0, 2, 0.6)).toBeCloseTo(0.8, 12);
    expect(remaskRatio(1, 2, 0.6)).toBe(0.999);
    const draw = () => drawHiddenMasks(4000, 2, 0.6, createRng(7, "mask"));
    expect(draw()).toEqual(draw());
    const shares = draw().map((mask) => mask.reduce((count, bit) => count + bit, 0) / 4000);
    expect(shares[0]).toBeGreaterThan(0.77);
    expect(shares[0]).toBeLessThan(0.83);
    expect(shares[1]).toBeGreaterThan(0.99);
  });

  it("always hides something", () => {
    const rng = createRng("tiny ratio");
    for (let trial = 0; trial < 100; trial++) {
      for (const mask of drawHiddenMasks(3, 1, -10, rng)) expect(mask.includes(1)).toBe(true);
    }
  });
});

describe("takeChanges", () => {
  it("lets each field change only when its `applies` says", () => {
    const held = makeConfig();
    const wanted = { ...held, learningRate: 1e-3, groupSize: 4, seed: 9 };
    expect(takeChanges(held, wanted, ["live"])).toEqual({ ...held, learningRate: 1e-3 });
    expect(takeChanges(held, wanted, ["live", "nextStep"])).toEqual({ ...wanted, seed: held.seed });
  });
});

describe("tokenDistance", () => {
  it("averages the share of differing tokens over pairs", () => {
    const images = [
      [1, 2],
      [1, 3],
      [4, 5],
    ].map((codes) => Int32Array.from(codes));
    expect(tokenDistance(images)).toBeCloseTo((0.5 + 1 + 1) / 3, 12);
  });
});

describe("computeMetrics", () => {
  it("tells in which form a tag was answered when not in its own", () => {
    const group = (tag: string, formats: string[]): JudgedGroup => ({
      task: { metadata: { tag, prompt: tag }, question: "?", answer: "!" },
      images: formats.map(() => Int32Array.of(0)),
      decidedAt: formats.map(() => Uint8Array.of(0)),
      seeds: formats,
      answers: formats.map(() => ({ text: "", tokens: Int32Array.of(0), logProbs: Float32Array.of(-1) })),
      rewards: formats.map((format) => ({ reward: 0, parts: [], format })),
    });
    const groups = [
      group("colors", ["colors", "other", "counting", "counting"]),
      group("colors", ["colors", "colors", "colors", "colors"]),
      group("counting", ["counting", "counting"]),
    ];
    const metrics = computeMetrics(groups, {}, { draw: 1, answer: 2, observe: 4 }, null);
    expect(metrics).toMatchObject({ observeSeconds: 4, learnSeconds: 0, stepSeconds: 7 });
    const forms = Object.entries(metrics).filter(([name]) => name.startsWith("format/"));
    expect(Object.fromEntries(forms)).toEqual({
      "format/colors/other": 1 / 8,
      "format/colors/counting": 2 / 8,
    });
  });

  it("tells what each phase asked of the GPU, and its time where there is a clock", () => {
    const counts = { dispatches: 5, submits: 2, readbacks: 1, readbackBytes: 64 };
    const seconds = { draw: 0, answer: 0, observe: 0 };
    const metricsOf = (draw: number | null, learn: number | null) => {
      const uses = new Map([
        ["draw", { ...counts, busyMs: draw }],
        ["learn", { ...counts, busyMs: learn }],
      ]);
      return computeMetrics([], {}, seconds, uses);
    };
    expect(metricsOf(1.5, 2)).toMatchObject({
      gpuMs: 3.5,
      "gpu/draw/busyMs": 1.5,
      "gpu/draw/dispatches": 5,
      "gpu/learn/submits": 2,
      "gpu/learn/readbackBytes": 64,
    });
    const untimed = metricsOf(null, null);
    expect(untimed).not.toHaveProperty("gpuMs");
    expect(untimed).not.toHaveProperty("gpu/draw/busyMs");
    expect(untimed).toHaveProperty("gpu/learn/readbacks", 1);
    const names = Object.keys(computeMetrics([], {}, seconds, null));
    expect(names.filter((name) => name.startsWith("gpu"))).toEqual([]);
  });
});
