import "@tensorflow/tfjs-backend-cpu";
import { setBackend } from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeConfig, type RunConfig } from "../config.ts";
import { registerGradients } from "../device/gradients.ts";
import { TableModel } from "./__fixtures__/tableModel.ts";
import { computePass, planPasses } from "./passes.ts";
import { collectSamples } from "./samples.ts";
import type { JudgedGroup } from "./task.ts";

let model: TableModel;

beforeAll(async () => {
  await setBackend("cpu");
  await registerGradients();
  model = new TableModel();
  model.attachAdapter({ rank: 1, alpha: 1, seed: 0 });
}, 240_000);

afterAll(() => model.dispose());

/** One image per reward. The gold answer is word 2; every image was answered with word 4. */
function judgedGroup(...rewards: number[]): JudgedGroup {
  return {
    task: { metadata: { tag: "tag", prompt: "two" }, question: "Which word?", answer: "2" },
    images: rewards.map((_, image) => Int32Array.from([image % 5, 1, 2, 3])),
    decidedAt: rewards.map(() => Uint8Array.from([0, 0, 1, 1])),
    seeds: rewards.map((_, image) => `image/${image}`),
    answers: rewards.map(() => ({
      text: "4",
      tokens: Int32Array.from([4, 5]),
      logProbs: Float32Array.from([-1, 0]),
    })),
    rewards: rewards.map((reward) => ({ reward, parts: [] })),
  };
}

/** Five images in two groups; the second is dead for GRPO. */
const GROUPS = [judgedGroup(1, 0.5, 0), judgedGroup(1, 1)];
const ADVANTAGES = [
  [1.2, 0, -1.2],
  [0, 0],
];

const signals = (config: RunConfig, groups: readonly JudgedGroup[] = GROUPS) =>
  collectSamples(model, groups, ADVANTAGES, config, 0).map(({ signal }) => signal);
const both = (push: number) => ({ image: push, answer: push });

describe("collectSamples, SFT", () => {
  const gated = (answerGate: number) => makeConfig("sft-decoupled", { answerGate });

  it("pushes every image alike with the gate open", () => {
    expect(signals(gated(0))).toEqual([1, 1, 1, 1, 1].map(both));
    expect(signals(makeConfig("sft-e2e"))).toEqual([1, 1, 1, 1, 1].map(both));
  });

  it("shuts both terms off for images below the gate, and pushes the others by n / passed", () => {
    expect(signals(makeConfig("sft-decoupled"))).toEqual([5 / 3, 0, 0, 5 / 3, 5 / 3].map(both));
    expect(signals(gated(0.5))).toEqual([1.25, 1.25, 0, 1.25, 1.25].map(both));
  });

  it("pushes nothing when no image passes, and leaves nothing to do", () => {
    const groups = [judgedGroup(0.5, 0, 0.99)];
    expect(signals(gated(1), groups)).toEqual([0, 0, 0].map(both));
    const weights = { policy: 1, kl: 0 };
    const samples = collectSamples(model, groups, [], gated(1), 0);
    expect(planPasses(samples, { ...plan, image: weights, answer: weights })).toEqual([]);
  });

  it("teaches the gold answer, not the given one", () => {
    const answers = collectSamples(model, GROUPS, ADVANTAGES, gated(1), 0).map(({ answer }) => [...answer]);
    expect(answers).toEqual(GROUPS.flatMap(({ images }) => images.map(() => [2, 5])));
  });

  const plan = {
    objective: "sft",
    endToEnd: null,
    clip: { low: 0.2, high: 0.28 },
    imagesPerPass: 2,
    isRecomputed: false,
  } as const;

  it("makes the loss the mean cross-entropy over the images that pass", () => {
    const samples = collectSamples(model, GROUPS, ADVANTAGES, gated(1), 0);
    const passes = planPasses(samples, {
      ...plan,
      image: { policy: 0, kl: 0 },
      answer: { policy: 1, kl: 0 },
    });
    const loss = passes.reduce(
      (total, pass) => total + (computePass(model, pass).sums.dataSync()[0] ?? 0),
      0,
    );
    const passing = samples.filter((_, at) => [0, 3, 4].includes(at));
    const scores = model.answerLogProbs({
      images: passing.map(({ codes }) => codes),
      questions: passing.map(({ question }) => question),
      answers: passing.map(({ answer }) => answer),
    });
    // Two tokens an answer, the end-of-text one certain; three answers.
    const total = Array.from(scores.logProbs.dataSync()).reduce((sum, logProb) => sum + logProb, 0);
    expect(total).toBeLessThan(-1);
    expect(loss).toBeCloseTo(-total / 2 / 3, 5);
  });
});

describe("collectSamples, GRPO", () => {
  it("pushes live groups by their advantages with the gate open", () => {
    const config = makeConfig("robust", { answerGate: 0 });
    expect(signals(config)).toEqual([1.2, 0, -1.2].map(both));
  });

  it("shuts off the answers alone below the gate", () => {
    const config = makeConfig("robust", { answerGate: 0.5 });
    expect(signals(config)).toEqual([both(1.2), both(0), { image: -1.2, answer: 0 }]);
    const advantages = [[0.7, 0.4, -1.1]];
    const strict = collectSamples(
      model,
      GROUPS.slice(0, 1),
      advantages,
      makeConfig("robust", { answerGate: 1 }),
      0,
    );
    expect(strict.map(({ signal }) => signal)).toEqual([
      both(0.7),
      { image: 0.4, answer: 0 },
      { image: -1.1, answer: 0 },
    ]);
  });

  it("scores the given answers", () => {
    const samples = collectSamples(model, GROUPS, ADVANTAGES, makeConfig("robust"), 0);
    expect(samples.map(({ answer }) => [...answer])).toEqual([1, 2, 3].map(() => [4, 5]));
  });
});
