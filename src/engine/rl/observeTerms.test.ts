import "@tensorflow/tfjs-backend-cpu";
import { memory, setBackend, type Tensor, tensor2d } from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeConfig } from "../config.ts";
import { registerGradients } from "../device/gradients.ts";
import type { AnswerScoreRequest, AnswerScores, ImageScoreRequest } from "../models/unified.ts";
import { TableModel } from "./__fixtures__/tableModel.ts";
import { findUnknownTerms, observeTerms } from "./observeTerms.ts";
import type { JudgedGroup } from "./task.ts";

/** Says how probable each token is by the image's first code, and halves that without its adapter. */
class FixedModel extends TableModel {
  readonly imageRequests: ImageScoreRequest[] = [];
  readonly answerRequests: AnswerScoreRequest[] = [];
  #probability = 1;

  override withoutAdapter<T>(body: () => T): T {
    this.#probability = 0.5;
    try {
      return super.withoutAdapter(body);
    } finally {
      this.#probability = 1;
    }
  }

  #score(images: readonly Int32Array[], tokens: number): Tensor {
    const rows = images.map(([code = 0]) => {
      // The second kind of image is as probable without the adapter.
      const probability = code === 1 ? 0.25 : this.#probability * 0.5;
      return Array.from({ length: tokens }, () => Math.log(probability));
    });
    return tensor2d(rows);
  }

  override imageLogProbs(request: ImageScoreRequest): Tensor {
    this.imageRequests.push(request);
    return this.#score(request.images, this.imageTokenCount);
  }

  override answerLogProbs(request: AnswerScoreRequest): AnswerScores {
    this.answerRequests.push(request);
    const logProbs = this.#score(request.images as Int32Array[], 2);
    return { logProbs, weights: tensor2d(request.answers.map(() => [1, 1])) };
  }
}

const config = makeConfig("sft-e2e", { remaskMinRatio: 0.5 });
const limits = { imagesPerCall: 8, imagesPerPass: 3, isRecomputed: false };

function group(prompt: string, firstCodes: readonly number[]): JudgedGroup {
  return {
    task: { metadata: { tag: "tag", prompt }, question: `${prompt}?`, answer: "4" },
    images: firstCodes.map((code) => Int32Array.of(code, 2, 3, 4)),
    decidedAt: [],
    seeds: [],
    answers: firstCodes.map((code) => ({
      text: String(code),
      tokens: Int32Array.of(code, 5),
      logProbs: Float32Array.of(0, 0),
    })),
    rewards: firstCodes.map(() => ({ reward: 0, parts: [] })),
  };
}

let model: FixedModel;

beforeAll(async () => {
  await setBackend("cpu");
  await registerGradients();
}, 240_000);

beforeEach(() => {
  model = new FixedModel();
});

afterEach(() => model.dispose());

const observe = (groups: readonly JudgedGroup[], terms: readonly ("image" | "answer")[]) =>
  observeTerms({ model, groups, terms, config, step: 7, limits, signal: undefined });

describe("observeTerms", () => {
  it("is the mean of −log p and of k3 over four images, the first ones of each group", async () => {
    const groups = [group("one", [0, 0, 1]), group("two", [1, 0, 1]), group("three", [0, 1, 1])];
    const before = memory().numTensors;
    const { imageEntropy, klImage, klAnswer } = await observe(groups, ["image", "answer"]);
    expect(memory().numTensors).toBe(before);
    // Images 0, 1, 0, 0: p = 1/2, 1/4, 1/2, 1/2; without the adapter 1/4 each, so k3 = 1/2 + ln 2 − 1 where p = 1/2.
    expect(imageEntropy).toBeCloseTo((5 / 4) * Math.LN2, 6);
    expect(klImage).toBeCloseTo((3 / 4) * (Math.LN2 - 1 / 2), 6);
    expect(klAnswer).toBeCloseTo((3 / 4) * (Math.LN2 - 1 / 2), 6);
    // Three images a pass: each of the two passes is seen by the starting model and by the policy.
    const seen = model.imageRequests.map(({ prompts }) => prompts);
    expect(seen).toEqual([["one", "two", "three"], ["one", "two", "three"], ["one"], ["one"]]);
    const answers = model.answerRequests.flatMap((request) => request.answers.map(([word]) => word));
    expect(answers).toEqual([0, 1, 0, 0, 1, 0, 0, 0]);
  });

  it("hides the same tokens from policy and starting model, other ones of another step", async () => {
    const groups = [group("one", [0, 0])];
    await observe(groups, ["image"]);
    const [reference, policy] = model.imageRequests;
    expect(policy?.hidden).toEqual(reference?.hidden);
    // Ratios 0.75 and 0.999 of four tokens: the last mask hides all.
    expect(policy?.hidden[1]).toEqual(Uint8Array.of(1, 1, 1, 1));
    expect(model.answerRequests).toEqual([]);
    const masks = new Set<string>();
    for (let step = 0; step < 20; step++) {
      await observeTerms({ model, groups, terms: ["image"], config, step, limits, signal: undefined });
      masks.add(String(model.imageRequests.at(-1)?.hidden[0]));
    }
    expect(masks.size).toBeGreaterThan(1);
  });

  it("asks nothing where the loss knows all", async () => {
    expect(await observe([group("one", [0])], [])).toEqual({});
    expect(model.imageRequests).toEqual([]);
  });

  it("refuses numbers that are none", async () => {
    model.imageLogProbs = ({ images }) => tensor2d(images.map(() => [0, 0, Number.NaN, 0]));
    await expect(observe([group("one", [0, 1])], ["image"])).rejects.toMatchObject({ code: "nonFinite" });
  });
});

describe("findUnknownTerms", () => {
  it("names the terms without a KL in the loss", () => {
    const pass = { view: 0, samples: [], share: 1, plan: {} as never };
    const held = { ...pass, term: "answer", weights: { policy: 1, kl: 0.1 } } as const;
    const free = { ...pass, term: "image", weights: { policy: 1, kl: 0 } } as const;
    expect(findUnknownTerms([])).toEqual(["image", "answer"]);
    expect(findUnknownTerms([held, free])).toEqual(["image"]);
    expect(findUnknownTerms([held, { ...held, term: "image" }])).toEqual([]);
  });
});
