import "@tensorflow/tfjs-backend-cpu";
import { randomUniform, setBackend, type Tensor } from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { registerGradients } from "../device/gradients.ts";
import type { ImageScoreRequest } from "../models/unified.ts";
import { TableModel } from "./__fixtures__/tableModel.ts";
import { computePass, observePass, type PassPlan, planPasses } from "./passes.ts";
import type { Sample } from "./samples.ts";

/** Shows the reference all that the policy does not see, and the reverse. */
class OtherReferenceMasks extends TableModel {
  #isReference = false;

  override withoutAdapter<T>(body: () => T): T {
    this.#isReference = true;
    try {
      return super.withoutAdapter(body);
    } finally {
      this.#isReference = false;
    }
  }

  override imageLogProbs(request: ImageScoreRequest): Tensor {
    const hidden = request.hidden.map((row) => row.map((isHidden) => 1 - isHidden));
    return super.imageLogProbs(this.#isReference ? { ...request, hidden } : request);
  }
}

let model: TableModel;

beforeAll(async () => {
  await setBackend("cpu");
  await registerGradients();
}, 240_000);

beforeEach(() => {
  model = new TableModel();
  model.attachAdapter({ rank: 1, alpha: 1, seed: 0 });
});

afterEach(() => model.dispose());

describe("computePass", () => {
  const sample = (advantage: number, teachesAnswer: boolean): Sample => {
    const hidden = Uint8Array.from([1, 0, 1, 1]);
    return {
      prompt: "two",
      question: "Which word?",
      codes: Int32Array.from([1, 2, 3, 4]),
      answer: Int32Array.from([1, 5]),
      signal: { image: advantage, answer: teachesAnswer ? advantage : 0 },
      views: [{ hidden, scored: hidden }],
      softMask: hidden,
      noiseSeed: "noise",
    };
  };
  const plan: PassPlan = {
    objective: "grpo",
    image: { policy: 1, kl: 0 },
    answer: { policy: 1, kl: 0 },
    endToEnd: null,
    clip: { low: 0.2, high: 0.28 },
    imagesPerPass: 8,
    isRecomputed: false,
  };

  it("gives the image term REINFORCE's gradient on the hidden tokens only", () => {
    const [pass] = planPasses([sample(2, true)], plan);
    if (!pass) throw new Error("no pass was planned");
    const { gradients } = computePass(model, pass);
    const [image] = model.adapterVariables();
    const gradient = gradients[image?.variable.name ?? ""]?.arraySync() as number[][];
    const row = gradient[1] ?? [];
    const visible = row.slice(5, 10);
    expect(visible.every((value) => value === 0)).toBe(true);
    // −A/|M|·(1 − p) on the drawn code, +A/|M|·p on the others: each token's gradient sums to 0.
    const drawn = row[1] ?? 0;
    expect(drawn).toBeLessThan(0);
    expect(row.slice(0, 5).reduce((total, value) => total + value, 0)).toBeCloseTo(0, 6);
    const probability = 1 - -drawn / (2 / 3);
    expect(probability).toBeGreaterThan(0.05);
    expect(probability).toBeLessThan(0.5);
  });

  it("does not depend on how the images are cut into passes", () => {
    const samples = [sample(1, true), sample(-0.5, true), sample(0.25, true)];
    const total = (imagesPerPass: number) => {
      const totals: Record<string, number[]> = {};
      for (const pass of planPasses(samples, { ...plan, imagesPerPass })) {
        for (const [name, gradient] of Object.entries(computePass(model, pass).gradients)) {
          const values = Array.from(gradient.dataSync());
          totals[name] = values.map((value, at) => value + (totals[name]?.[at] ?? 0));
        }
      }
      return Object.values(totals).flat();
    };
    const [whole, single] = [total(8), total(1)];
    for (const [at, value] of whole.entries()) expect(single[at]).toBeCloseTo(value, 6);
  });

  it("spares answers that did not pass the gate, unless their KL holds them", () => {
    const off = { policy: 0, kl: 0 };
    expect(planPasses([sample(2, false)], { ...plan, image: off })).toEqual([]);
    const held = planPasses([sample(2, false)], { ...plan, image: off, answer: { policy: 1, kl: 0.1 } });
    expect(held.map(({ term }) => term)).toEqual(["answer"]);
    const [pass] = held;
    if (!pass) throw new Error("no pass was planned");
    const values = Object.values(computePass(model, pass).gradients).flatMap((each) =>
      Array.from(each.dataSync()),
    );
    expect(values.every((value) => Math.abs(value) === 0)).toBe(true);
  });

  it("shows policy and reference the same masks, so that equal weights have a KL of exactly 0", () => {
    const views = [
      [1, 0, 1, 1],
      [0, 1, 0, 1],
      [1, 1, 1, 1],
    ].map((row) => ({ hidden: Uint8Array.from(row), scored: Uint8Array.from(row) }));
    const weights = { policy: 1, kl: 0.1 };
    const passes = planPasses([{ ...sample(1, true), views }], { ...plan, image: weights, answer: weights });
    const divergences = (scored: TableModel) =>
      passes.map((pass) => computePass(scored, pass).sums.dataSync()[1] ?? Number.NaN);
    expect(divergences(model)).toEqual([0, 0, 0, 0]);
    const unequal = new OtherReferenceMasks();
    unequal.attachAdapter({ rank: 1, alpha: 1, seed: 0 });
    const [first, second, third, answer] = divergences(unequal);
    for (const image of [first, second, third]) expect(image).toBeGreaterThan(1e-4);
    expect(answer).toBe(0);
    unequal.dispose();
  });

  it("says the same of its tokens without a tape", () => {
    for (const { variable } of model.adapterVariables()) {
      variable.assign(randomUniform(variable.shape, -1, 1, "float32", 3));
    }
    const weights = { policy: 0, kl: 1 };
    const samples = [sample(1, true), sample(-1, true)];
    for (const pass of planPasses(samples, { ...plan, image: weights, answer: weights })) {
      const [, kl, logProb] = computePass(model, pass).sums.dataSync();
      expect(Array.from(observePass(model, pass).dataSync().subarray(1, 3))).toEqual([kl, logProb]);
      expect(kl).toBeGreaterThan(0.01);
    }
  });

  it("leaves out a term without weights", () => {
    const off = { policy: 0, kl: 0 };
    expect(planPasses([sample(1, true)], { ...plan, image: off, answer: off })).toEqual([]);
  });

  it("reaches the generator through the image when end to end, and spares the answerer when held", () => {
    const [image, answer] = model.adapterVariables();
    const gradientsOf = (endToEnd: PassPlan["endToEnd"]) => {
      const [pass] = planPasses([sample(1, true)], { ...plan, image: { policy: 0, kl: 0 }, endToEnd });
      if (!pass) throw new Error("no pass was planned");
      const { gradients, sums } = computePass(model, pass);
      const norm = (name = "") =>
        Array.from(gradients[name]?.dataSync() ?? []).reduce((total, value) => total + value * value, 0);
      return {
        image: norm(image?.variable.name),
        answer: norm(answer?.variable.name),
        logProb: sums.dataSync()[2],
      };
    };
    const decoupled = gradientsOf(null);
    const through = gradientsOf({ tau: 1, holdsUnderstanding: false });
    const held = gradientsOf({ tau: 1, holdsUnderstanding: true });
    expect(decoupled.image).toBe(0);
    expect(decoupled.answer).toBeGreaterThan(0);
    expect(through.image).toBeGreaterThan(0);
    expect(through.answer).toBeCloseTo(decoupled.answer, 6);
    expect(through.logProb).toBeCloseTo(decoupled.logProb ?? Number.NaN, 6);
    expect(held.image).toBeCloseTo(through.image, 6);
    expect(held.answer).toBe(0);
  });
});
