import "@tensorflow/tfjs-backend-cpu";
import { grad, mul, setBackend, sum, type Tensor2D, tensor1d, tensor2d } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { makeConfig } from "../config.ts";
import { registerGradients } from "../device/gradients.ts";
import { createRng } from "../rng.ts";
import { computeAdvantages, groupStatistics, isDeadGroup } from "./advantage.ts";
import { drawHiddenMasks, remaskRatio, replayViews } from "./imageViews.ts";
import { k3 } from "./kl.ts";
import { takeChanges } from "./liveConfig.ts";
import { computeMetrics, tokenDistance } from "./metrics.ts";
import { clippedShare, likelihoodTokenLoss, policyTokenLoss, tokenMean } from "./policyLoss.ts";
import type { JudgedGroup } from "./task.ts";

beforeAll(async () => {
  await setBackend("cpu");
  await registerGradients();
}, 240_000);

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

describe("k3", () => {
  it("is zero at equality, never negative, and matches the formula", () => {
    const rng = createRng("k3");
    const policy = tensor1d(rng.normal(200));
    const reference = tensor1d(rng.normal(200));
    expect(Array.from(k3(policy, policy).dataSync()).every((value) => value === 0)).toBe(true);
    expect(Math.min(...k3(policy, reference).dataSync())).toBeGreaterThanOrEqual(0);
    expect(k3(tensor1d([-1]), tensor1d([-2])).dataSync()[0]).toBeCloseTo(Math.exp(-1) + 1 - 1, 6);
  });
});

describe("policyTokenLoss", () => {
  const logProbs = tensor2d([
    [-1, -2],
    [-0.5, -3],
  ]);
  const advantages = tensor1d([2, -0.5]);
  const noKl = { reference: null, weight: 0 };

  it("has the ratio 1 in value and REINFORCE's gradient", () => {
    const loss = policyTokenLoss(logProbs, advantages, noKl);
    expect(Array.from(loss.dataSync())).toEqual([-2, -2, 0.5, 0.5]);
    const gradient = grad((l) => sum(policyTokenLoss(l as Tensor2D, advantages, noKl)))(logProbs);
    const reinforce = grad((l) =>
      sum(
        mul(
          l,
          tensor2d([
            [-2, -2],
            [0.5, 0.5],
          ]),
        ),
      ),
    )(logProbs);
    expect(Array.from(gradient.dataSync())).toEqual(Array.from(reinforce.dataSync()));
  });

  it("adds beta times k3, whose gradient agrees with finite differences", () => {
    const reference = tensor2d([
      [-1.5, -1],
      [-0.7, -2],
    ]);
    const still = tensor1d([0, 0]);
    const total = (l: Tensor2D) => sum(policyTokenLoss(l, still, { reference, weight: 0.3 }));
    const gradient = grad((l) => total(l as Tensor2D))(logProbs).arraySync() as number[][];
    const at = (delta: number) =>
      total(
        tensor2d([
          [-1 + delta, -2],
          [-0.5, -3],
        ]),
      ).dataSync()[0] ?? 0;
    expect(gradient[0]?.[0]).toBeCloseTo((at(0.01) - at(-0.01)) / 0.02, 3);
    expect(gradient[0]?.[0]).toBeCloseTo(0.3 * (1 - Math.exp(-0.5)), 5);
  });

  it("stops pushing once the ratio to the old policy left its range, and only in the pushed direction", () => {
    // Ratios e^0.5 and e^-0.5 in both rows; A is 2 in the first and -0.5 in the second.
    const old = tensor2d([
      [-1.5, -1.5],
      [-1, -2.5],
    ]);
    const clip = { logProbs: old, low: 0.2, high: 0.28 };
    const loss = policyTokenLoss(logProbs, advantages, noKl, clip);
    const [up, down] = [Math.exp(0.5), Math.exp(-0.5)];
    const expected = [-2 * 1.28, -2 * down, 0.5 * up, 0.5 * 0.8];
    for (const [at, value] of loss.dataSync().entries()) expect(value).toBeCloseTo(expected[at] ?? 0, 5);
    const gradient = grad((l) => sum(policyTokenLoss(l as Tensor2D, advantages, noKl, clip)))(logProbs);
    const slopes = [0, -2 * down, 0.5 * up, 0];
    for (const [at, value] of gradient.dataSync().entries()) expect(value).toBeCloseTo(slopes[at] ?? 0, 5);
    expect(Array.from(clippedShare(logProbs, old, clip).dataSync())).toEqual([1, 1, 1, 1]);
    expect(Array.from(clippedShare(logProbs, logProbs, clip).dataSync())).toEqual([0, 0, 0, 0]);
  });

  it("is 0 for a sample without tokens", () => {
    expect(
      Array.from(
        tokenMean(
          logProbs,
          tensor2d([
            [0, 0],
            [1, 0],
          ]),
        ).dataSync(),
      ),
    ).toEqual([0, -0.5]);
  });

  it("averages over weighted tokens only", () => {
    const means = tokenMean(
      logProbs,
      tensor2d([
        [1, 1],
        [0, 1],
      ]),
    );
    expect(Array.from(means.dataSync())).toEqual([-1.5, -3]);
  });
});

describe("likelihoodTokenLoss", () => {
  it("is the weighted negative log-prob, and its gradient the weight", () => {
    const logProbs = tensor2d([[-1, -2]]);
    const loss = (l: Tensor2D) => likelihoodTokenLoss(l, tensor1d([1.5]), { reference: null, weight: 0 });
    expect(Array.from(loss(logProbs).dataSync())).toEqual([1.5, 3]);
    const gradient = grad((l) => sum(loss(l as Tensor2D)))(logProbs);
    expect(Array.from(gradient.dataSync())).toEqual([-1.5, -1.5]);
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
    const metrics = computeMetrics(groups, null, { draw: 1, answer: 2, observe: 4 }, null);
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
      return computeMetrics([], null, seconds, uses);
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
    const names = Object.keys(computeMetrics([], null, seconds, null));
    expect(names.filter((name) => name.startsWith("gpu"))).toEqual([]);
  });
});
