import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { registerGradients } from "../../device/gradients.ts";
import { createRng } from "../../rng.ts";
import { expectGradients, randomTensor } from "../oracle.ts";
import { type ScoredTokens, type TokenLossOptions, tokenLoss } from "./tokenLoss.ts";
import { isClipped, k3, likelihoodTerm, meanWeights, policyTerm } from "./twin.ts";

beforeAll(async () => {
  await registerGradients();
  await tf.setBackend("cpu");
});

const column = (...values: number[]) => tf.tensor2d(values, [values.length, 1]);
const logProbs = tf.tensor2d([
  [-1, -2],
  [-0.5, -3],
]);
const advantages = column(2, -0.5);
const clip = { low: 0.2, high: 0.28 };

function expectValues(tensor: tf.Tensor, expected: readonly number[]): void {
  const values = tensor.dataSync();
  expect(values).toHaveLength(expected.length);
  for (const [at, value] of expected.entries()) expect(values[at]).toBeCloseTo(value, 5);
}

describe("k3", () => {
  it("is zero at equality, never negative, and matches the formula and its slope", () => {
    const rng = createRng("k3");
    const policy = tf.tensor1d(rng.normal(200));
    const reference = tf.tensor1d(rng.normal(200));
    expect(
      k3(policy, policy)
        .value.dataSync()
        .every((value) => value === 0),
    ).toBe(true);
    expect(Math.min(...k3(policy, reference).value.dataSync())).toBeGreaterThanOrEqual(0);
    const { value, slope } = k3(tf.tensor1d([-1]), tf.tensor1d([-2]));
    expectValues(value, [Math.exp(-1) + 1 - 1]);
    expectValues(slope, [1 - Math.exp(-1)]);
  });
});

describe("the policy term", () => {
  it("has the ratio 1 in value and REINFORCE's slope", () => {
    const { value, slope } = policyTerm(logProbs, advantages, undefined, clip);
    expectValues(value, [-2, -2, 0.5, 0.5]);
    expectValues(slope, [-2, -2, 0.5, 0.5]);
  });

  it("stops pushing once the ratio to the old policy left its range, and only in the pushed direction", () => {
    // Ratios e^0.5 and e^-0.5 in both rows; A is 2 in the first and -0.5 in the second.
    const old = tf.tensor2d([
      [-1.5, -1.5],
      [-1, -2.5],
    ]);
    const { value, slope } = policyTerm(logProbs, advantages, old, clip);
    const [up, down] = [Math.exp(0.5), Math.exp(-0.5)];
    expectValues(value, [-2 * 1.28, -2 * down, 0.5 * up, 0.5 * 0.8]);
    expectValues(slope, [0, -2 * down, 0.5 * up, 0]);
    expectValues(isClipped(logProbs, old, clip), [1, 1, 1, 1]);
    expectValues(isClipped(logProbs, logProbs, clip), [0, 0, 0, 0]);
  });
});

describe("the likelihood term", () => {
  it("is the weighted negative log-prob, and its slope the weight", () => {
    const { value, slope } = likelihoodTerm(tf.tensor2d([[-1, -2]]), column(1.5));
    expectValues(value, [1.5, 3]);
    expectValues(slope, [-1.5, -1.5]);
  });
});

describe("means over samples", () => {
  it("count the weighted tokens only, and nothing of a sample without tokens", () => {
    const weights = tf.tensor2d([
      [1, 1, 0],
      [0, 1, 0],
      [0, 0, 0],
    ]);
    expectValues(meanWeights(weights), [0.5, 0.5, 0, 0, 1, 0, 0, 0, 0]);
  });
});

describe("the loss of tokens", () => {
  const tokens = (): ScoredTokens => ({
    logProbs,
    weights: tf.tensor2d([
      [1, 1],
      [0, 1],
    ]),
    signals: tf.tensor1d([2, -0.5]),
  });
  const reference = tf.tensor2d([
    [-1.5, -1],
    [-0.7, -2],
  ]);
  const grpo: TokenLossOptions = { objective: "grpo", klWeight: 0, clip, share: 0.25 };

  it("adds up the samples' means and β times their distance", () => {
    const plain = tokenLoss(tokens(), grpo);
    expectValues(plain.loss, [0.25 * (-2 + 0.5)]);
    expectValues(plain.sums, [0.25 * (-2 + 0.5), 0, 0.25 * (-1.5 - 3), 0]);
    const distances = k3(logProbs, reference).value.dataSync();
    const distance = 0.25 * (((distances[0] ?? 0) + (distances[1] ?? 0)) / 2 + (distances[3] ?? 0));
    const { sums } = tokenLoss({ ...tokens(), reference, old: reference }, { ...grpo, klWeight: 0.3 });
    expect(sums.dataSync()[1]).toBeCloseTo(distance, 6);
    const pulled = tokenLoss({ ...tokens(), reference }, { ...grpo, objective: "sft", klWeight: 0.3 });
    expectValues(pulled.loss, [0.25 * (2 * 1.5 - 0.5 * 3) + 0.3 * distance]);
    // Ratios e^0.5 and 1/e in the first sample, 1/e in the second: all outside.
    expect(sums.dataSync()[3]).toBeCloseTo(0.5, 6);
  });

  it.each([
    ["SFT with a reference", { objective: "sft" }, true, false],
    ["GRPO after an update", {}, false, true],
    ["GRPO after an update, with a reference", {}, true, true],
  ] as const)("has the gradient of finite differences: %s", async (_, changes, hasReference, hasOld) => {
    const given = {
      weights: tf.tensor2d(
        [...Array(21).keys()].map((at) => (at % 4 ? 1 : 0)),
        [3, 7],
      ),
      signals: tf.tensor1d([1.5, -0.7, 0.3]),
      ...(hasReference ? { reference: randomTensor("reference", [3, 7], 1) } : {}),
      ...(hasOld ? { old: randomTensor("old", [3, 7], 1) } : {}),
    };
    const options: TokenLossOptions = { ...grpo, klWeight: 0.4, share: 3, ...changes };
    await expectGradients(
      [randomTensor("l", [3, 7], 1)],
      (l) => tokenLoss({ ...given, logProbs: l }, options).loss,
      2e-3,
    );
  });

  it("has REINFORCE's gradient in the first update, scaled by what comes back", () => {
    const dl = tf.grad((l) => tf.mul(tokenLoss({ ...tokens(), logProbs: l }, grpo).loss, 2))(logProbs);
    expectValues(dl, [-0.5, -0.5, 0, 0.25]);
  });

  it("refuses shapes that do not belong together", () => {
    const refused = expect.objectContaining({ code: "badInput" });
    expect(() => tokenLoss({ ...tokens(), signals: tf.zeros([3]) }, grpo)).toThrow(refused);
    expect(() => tokenLoss({ ...tokens(), weights: tf.zeros([2, 3]) }, grpo)).toThrow(refused);
    expect(() => tokenLoss({ ...tokens(), reference: tf.zeros([2, 1]) }, grpo)).toThrow(refused);
  });
});
