/** The judged suites on the shipped nano model, with a detector that looks at nothing. */
import { readFile } from "node:fs/promises";
import { add, mul, tidy } from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNodeBackend } from "../../cli/node/nodeBackend.ts";
import { closeBackend } from "../device/backend.ts";
import { loadModel } from "../models/loadModel.ts";
import type { UnifiedModel } from "../models/unified.ts";
import { createSplits } from "../world/splits.ts";
import { worldPreset } from "../world/worldSpec.ts";
import { fulfil, tellingDetector } from "./__fixtures__/tellingDetector.ts";
import {
  compareWithFrozenJudge,
  meanSurprise,
  measureTokenDistance,
  measureTokenEntropy,
} from "./ablations.ts";
import { planDraws } from "./drawAndAsk.ts";
import { compareWithJudge, detectRewardHacking, reportGenEval } from "./geneval/genevalReport.ts";
import { type JudgedImage, judgeDraws } from "./geneval/judgeDraws.ts";
import { observeGroups } from "./geneval/observeGroups.ts";
import { answerPool } from "./imbalance.ts";
import { limitPrompts } from "./selfReward.ts";

const IMAGES = 2;
const prompts = limitPrompts(createSplits(worldPreset("nano")).validation, 6);
const draws = planDraws(prompts, IMAGES, 0);
const settings = { guidanceScale: 0, temperature: 1, steps: 2, batchSize: 5 };
let model: UnifiedModel;
let images: JudgedImage[];
const batches: number[] = [];

/** Finds everything in every prompt's first image, and nothing in its second. */
const detector = () =>
  tellingDetector((nth) => {
    const draw = draws[nth];
    return draw && draw.number === 0 ? fulfil(draw.metadata) : {};
  });

beforeAll(async () => {
  await startNodeBackend("wasm");
  const folder = new URL("../../../public/models/nano/", import.meta.url);
  model = await loadModel(async (path) => new Uint8Array(await readFile(new URL(path, folder))), "nano");
  images = await judgeDraws({ model, detector: detector() }, draws, {
    ...settings,
    onJudged: (batch) => batches.push(batch.length),
  });
}, 240_000);
afterAll(() => {
  model.dispose();
  closeBackend();
});

describe("judgeDraws", () => {
  it("judges every draw in order and reports whole batches", () => {
    expect(images.map(({ seed }) => seed)).toEqual(draws.map(({ seed }) => seed));
    expect(images.map(({ correct }) => correct)).toEqual(draws.map(({ number }) => number === 0));
    expect(images.every(({ correct, reasons }) => correct === (reasons.length === 0))).toBe(true);
    expect(batches).toEqual([5, 5, 2]);
  });

  it("draws an image alone as it draws it in company", async () => {
    const [alone] = await judgeDraws(
      { model, detector: tellingDetector(() => ({})) },
      draws.slice(4, 5),
      settings,
    );
    expect(alone?.codes).toEqual(images[4]?.codes);
    expect(alone?.answer).toBe(images[4]?.answer);
  });

  it("stops between batches, with what is finished reported", async () => {
    const signal = { aborted: false };
    const finished: JudgedImage[] = [];
    const onJudged = (batch: readonly JudgedImage[]) => {
      finished.push(...batch);
      signal.aborted = true;
    };
    const work = judgeDraws({ model, detector: detector() }, draws, { ...settings, signal, onJudged });
    await expect(work).rejects.toMatchObject({ code: "cancelled" });
    expect(finished).toEqual(images.slice(0, 5));
  });
});

describe("reportGenEval", () => {
  it("scores tasks, and compositions seen and unseen apart", () => {
    const { scores, seen, unseen, self } = reportGenEval(images, 0);
    expect(scores.overall.mean).toBe(0.5);
    expect([...scores.tasks.values()].every(({ mean }) => mean === 0.5)).toBe(true);
    expect(seen.images.count + unseen.images.count).toBe(prompts.length);
    expect(self.correct.mean).toBe(0.5);
  });

  it("subtracts the judge's verdicts from the model's opinion", () => {
    const [first, second] = images;
    if (!first || !second) throw new Error("too few images");
    // The model praises both images of the prompt, once by half; the judge likes one.
    const pair = [
      { ...first, answer: "nothing", reward: 0.5, correct: false },
      { ...second, answer: "nothing", reward: 1, correct: true },
    ];
    const { reward, correct, excess, excessExact } = compareWithJudge(pair, 0);
    expect([reward.mean, correct.mean, excess.mean, excessExact.mean]).toEqual([0.75, 0.5, 0.25, -0.5]);
  });
});

describe("detectRewardHacking", () => {
  const state = (reward: number, correct: boolean) =>
    images.slice(0, 1).flatMap((image) => {
      return Array.from({ length: 8 }, (_, promptIndex) => ({ ...image, promptIndex, reward, correct }));
    });

  it("is a self-reward that outruns the judge, not one that both give", () => {
    const before = state(0.5, false);
    expect(detectRewardHacking(before, state(1, false), 0)).toMatchObject({
      excess: { mean: 0.5 },
      isHacking: true,
    });
    expect(detectRewardHacking(before, state(1, true), 0)).toMatchObject({
      excess: { mean: -0.5 },
      isHacking: false,
    });
  });

  it("takes a growth within the margin, or by chance, for none", () => {
    const before = state(0.5, false);
    expect(detectRewardHacking(before, state(0.54, false), 0).isHacking).toBe(false);
    const mixed = before.map((image, at) => ({ ...image, reward: at % 2 === 0 ? 1 : 0.2 }));
    expect(detectRewardHacking(before, mixed, 0)).toMatchObject({ isHacking: false });
  });
});

describe("observeGroups", () => {
  it("reports the share of a step's images that the judge finds correct, and how far the reward is above it", async () => {
    const groups = prompts.slice(0, 2).map(({ metadata }, place) => ({
      task: { metadata, question: "", answer: "" },
      images: images.slice(2 * place, 2 * place + 2).map(({ codes }) => codes),
      decidedAt: [],
      seeds: [],
      answers: [],
      rewards: [1, 0.5].map((reward) => ({ reward, parts: [] })),
    }));
    const observed = await observeGroups({ model, detector: detector() })(groups);
    expect(observed).toEqual({ judgedMean: 0.5, judgeGap: 0.25 });
  });
});

describe("ablations", () => {
  it("find no difference between a model and itself without an adapter", async () => {
    const report = await compareWithFrozenJudge(model, images, 0);
    expect(report.frozenAnswers).toEqual(images.map(({ answer }) => answer));
    expect(report.excess.mean).toBe(0);
    expect(report.agreement.mean).toBe(1);
  });

  it("ask the frozen base, not the adapter", async () => {
    model.attachAdapter({ rank: 2, alpha: 200, seed: 0 });
    for (const { name, variable } of model.adapterVariables()) {
      if (!name.includes("lora_B")) continue;
      tidy(() => variable.assign(add(variable, 0.3)));
    }
    const own = await answerPool(model, images);
    const { frozenAnswers } = await compareWithFrozenJudge(model, images, 0);
    for (const { variable } of model.adapterVariables()) tidy(() => variable.assign(mul(variable, 0)));
    expect(own).not.toEqual(images.map(({ answer }) => answer));
    expect(frozenAnswers).toEqual(images.map(({ answer }) => answer));
  });

  it("average −log p over the hidden tokens", () => {
    expect(meanSurprise([-1, -2, -4], Uint8Array.of(1, 0, 1))).toBe(2.5);
  });

  it("measure an entropy between none and a uniform guess, the same in any batches", async () => {
    const whole = await measureTokenEntropy(model, images, 0);
    const cut = await measureTokenEntropy(model, images, 0, { batchSize: 5 });
    expect(whole.mean).toBeGreaterThan(0);
    expect(whole.count).toBe(prompts.length);
    expect(cut.mean).toBeCloseTo(whole.mean, 5);
  });

  it("measure the distance of a prompt's images, and say nothing of single ones", () => {
    const [image] = images;
    if (!image) throw new Error("too few images");
    const withCodes = (promptIndex: number, ...codes: number[]) => ({
      ...image,
      promptIndex,
      codes: Int32Array.from(codes),
    });
    const group = [withCodes(0, 1, 2, 3, 4), withCodes(0, 1, 2, 3, 5), withCodes(0, 1, 2, 3, 4)];
    // Pairs differ in 1/4, 0 and 1/4 of their tokens.
    expect(measureTokenDistance([...group, withCodes(1, 9, 9, 9, 9)], 0)).toMatchObject({
      mean: 1 / 6,
      count: 1,
    });
  });
});
