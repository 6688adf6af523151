import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { registerGradients } from "../../device/gradients.ts";
import { expectClose, expectGradients, randomPacked, randomTensor } from "../oracle.ts";
import { projectedTokenLogProbs, scoreTokens, type TokenHead, tokenLogProbs } from "./tokenLogProb.ts";

beforeAll(async () => {
  await registerGradients();
  await tf.setBackend("cpu");
});

function makeHead(inner: number, columns: number): TokenHead & { readonly weight: tf.Tensor2D } {
  const weight = randomTensor<tf.Rank.R2>("weight", [inner, columns]);
  const bias = randomTensor<tf.Rank.R1>("bias", [columns]);
  const transposed = tf.transpose(weight);
  return { weight, bias, transposedWeight: () => transposed };
}

/** Scores of one row in f64. */
function scoreRow(logits: readonly number[], id: number) {
  const lse = Math.log(logits.reduce((total, z) => total + Math.exp(z), 0));
  const entropy = logits.reduce((total, z) => total - Math.exp(z - lse) * (z - lse), 0);
  return { logProb: (logits[id] ?? Number.NaN) - lse, entropy, lse };
}

describe("token log-probs of logits", () => {
  it("are those of the softmax", async () => {
    const logits = tf.tensor2d([0, Math.log(3), 5, 5], [2, 2]);
    const values = await tokenLogProbs(logits, Int32Array.of(1, 0)).data();
    expect(values[0]).toBeCloseTo(Math.log(0.75), 6);
    expect(values[1]).toBeCloseTo(Math.log(0.5), 6);
  });

  it("stay exact where the probability underflows", async () => {
    const [value] = await tokenLogProbs(tf.tensor2d([0, 200], [1, 2]), Int32Array.of(0)).data();
    expect(value).toBe(-200);
  });

  it("have the gradient onehot − softmax", () =>
    expectGradients([randomTensor("logits", [3, 5])], (logits) =>
      tokenLogProbs(logits as tf.Tensor2D, Int32Array.of(0, 4, 2)),
    ));

  it("refuse ids that are missing or no token", () => {
    const logits = tf.zeros([2, 3]) as tf.Tensor2D;
    expect(() => tokenLogProbs(logits, Int32Array.of(1))).toThrow("2 rows");
    expect(() => tokenLogProbs(logits, Int32Array.of(1, 3))).toThrow("token 3 among 3");
    expect(() => tokenLogProbs(logits, Int32Array.of(-1, 0))).toThrow("token -1");
  });
});

describe("token scores of hidden states", () => {
  const ids = Int32Array.of(5, 0, 3);

  it.each([1, 0.7, 3])("are those of the tempered softmax, T = %f", async (temperature) => {
    const head = makeHead(4, 6);
    const hidden = randomTensor<tf.Rank.R2>("hidden", [3, 4]);
    const logits = await (tf.add(tf.matMul(hidden, head.weight), head.bias) as tf.Tensor2D).array();
    const scores = scoreTokens(hidden, head, ids, { temperature });
    const [logProbs, entropies, lses] = await Promise.all(
      [scores.logProbs, scores.entropies, scores.logSumExps].map((tensor) => tensor.data()),
    );
    for (const [row, own] of logits.entries()) {
      const expected = scoreRow(
        own.map((z) => z / temperature),
        ids[row] ?? 0,
      );
      expect(logProbs?.[row]).toBeCloseTo(expected.logProb, 5);
      expect(entropies?.[row]).toBeCloseTo(expected.entropy, 5);
      expect(lses?.[row]).toBeCloseTo(expected.lse, 5);
    }
    await expectClose(projectedTokenLogProbs(hidden, head, ids, temperature), scores.logProbs, 1e-7);
  });

  it("have the gradient of the hidden states", async () => {
    const head = makeHead(4, 6);
    const hidden = randomTensor("hidden", [3, 4]);
    await expectGradients([hidden], (rows) => projectedTokenLogProbs(rows as tf.Tensor2D, head, ids));
    await expectGradients([hidden], (rows) => projectedTokenLogProbs(rows as tf.Tensor2D, head, ids, 0.6));
    await expectGradients(
      [hidden],
      (rows) => scoreTokens(rows as tf.Tensor2D, head, ids, { temperature: 2 }).logProbs,
    );
  });

  it("move away from the unconditional logits", async () => {
    const head = makeHead(4, 6);
    const hidden = randomTensor<tf.Rank.R2>("hidden", [3, 4]);
    const unconditional = randomTensor<tf.Rank.R2>("unconditional", [3, 4]);
    const project = (rows: tf.Tensor2D) => tf.add(tf.matMul(rows, head.weight), head.bias);
    const guided = tf.sub(tf.mul(project(hidden), 2.5), tf.mul(project(unconditional), 1.5)) as tf.Tensor2D;
    const scores = scoreTokens(hidden, head, ids, { guidance: { unconditional, scale: 1.5 } });
    await expectClose(scores.logProbs, tokenLogProbs(guided, ids));
    const lse = tf.logSumExp(guided, 1);
    await expectClose(scores.logSumExps, lse);
  });

  it("refuse a gradient through guidance", () => {
    const head = makeHead(4, 6);
    const hidden = randomTensor<tf.Rank.R2>("hidden", [3, 4]);
    const guidance = { unconditional: hidden, scale: 1 };
    const slope = tf.grad((rows) => scoreTokens(rows as tf.Tensor2D, head, ids, { guidance }).logProbs);
    expect(() => slope(hidden)).toThrow("no gradient");
  });

  it("read a packed head as the f32 values that its words stand for", async () => {
    const packed = randomPacked(6, 5, "int4");
    const bias = randomTensor<tf.Rank.R1>("bias", [6]);
    const hidden = randomTensor<tf.Rank.R2>("hidden", [3, 5]);
    const compute = (weight: TokenHead["weight"]) => {
      const head = { weight, bias, transposedWeight: () => packed.transposed() };
      const slope = tf.grad((rows) => projectedTokenLogProbs(rows as tf.Tensor2D, head, ids));
      const { logProbs, entropies } = scoreTokens(hidden, head, ids);
      return tf.concat([logProbs, entropies, tf.reshape(slope(hidden), [-1])]).array();
    };
    expect(await compute(packed)).toEqual(await compute(packed.dense()));
    packed.dispose();
  });

  it("refuse a temperature of nothing", () => {
    const hidden = randomTensor<tf.Rank.R2>("hidden", [3, 4]);
    expect(() => projectedTokenLogProbs(hidden, makeHead(4, 6), ids, 0)).toThrow("above 0");
  });

  it("leave no tensor behind", () => {
    const head = makeHead(4, 6);
    const hidden = randomTensor<tf.Rank.R2>("hidden", [3, 4]);
    const before = tf.memory().numTensors;
    const scores = scoreTokens(hidden, head, ids, { guidance: { unconditional: hidden, scale: 1 } });
    tf.dispose([scores.logProbs, scores.entropies, scores.logSumExps]);
    projectedTokenLogProbs(hidden, head, ids).dispose();
    tokenLogProbs(hidden, Int32Array.of(0, 1, 2)).dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
