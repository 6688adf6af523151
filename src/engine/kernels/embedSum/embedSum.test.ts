import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { registerGradients } from "../../device/gradients.ts";
import { expectClose, randomPacked, randomTensor } from "../oracle.ts";
import { type CodeTable, straightThroughEmbedding } from "./embedSum.ts";
import { softenChoice } from "./twin.ts";

beforeAll(async () => {
  await registerGradients();
  await tf.setBackend("cpu");
});

describe("straightThroughEmbedding", () => {
  const ids = Int32Array.of(3, 1);
  const tau = 0.7;
  const ones = Float32Array.of(1, 1);

  const makeInputs = () => {
    const [table, logits] = [
      randomTensor<tf.Rank.R2>("table", [4, 3]),
      randomTensor<tf.Rank.R2>("logits", [2, 4]),
    ];
    const codes = { rows: table, columns: tf.transpose(table) as tf.Tensor2D };
    return { table, codes, logits, upstream: randomTensor("upstream", [2, 3]) };
  };

  /** What softmax((z + shift)/τ)·table receives, by the stock tape. */
  function softGradient({ table, logits, upstream }: ReturnType<typeof makeInputs>, shift: tf.Tensor) {
    const soft = (z: tf.Tensor) => tf.matMul(tf.softmax(tf.div(tf.add(z, shift), tau)) as tf.Tensor2D, table);
    return tf.grad((z) => tf.sum(tf.mul(soft(z), upstream)))(logits);
  }

  it("is the given embedding forward and the softmax's backward, at weighted rows only", async () => {
    const inputs = makeInputs();
    const { table, codes, logits, upstream } = inputs;
    const hard = (z: tf.Tensor) =>
      straightThroughEmbedding(z as tf.Tensor2D, codes, ids, Float32Array.of(1, 0), tau);
    expect(await hard(logits).array()).toEqual(await tf.gather(table, tf.tensor1d(ids, "int32")).array());
    const actual = tf.grad((z) => tf.sum(tf.mul(hard(z), upstream)))(logits);
    const expected = softGradient(inputs, tf.scalar(0));
    await expectClose(tf.slice(actual, 0, 1), tf.slice(expected, 0, 1));
    const second = await tf.slice(actual, 1, 1).data();
    expect(second.every((value) => Math.abs(value) === 0)).toBe(true);
  });

  it("has the Jacobian of the noisy softmax over τ", async () => {
    const inputs = makeInputs();
    const { codes, logits, upstream } = inputs;
    const noise = randomTensor<tf.Rank.R2>("noise", [2, 4]);
    const hard = (z: tf.Tensor) => straightThroughEmbedding(z as tf.Tensor2D, codes, ids, ones, tau, noise);
    const actual = tf.grad((z) => tf.sum(tf.mul(hard(z), upstream)))(logits);
    // The perturbed logits, plainly in f64.
    const [z, g] = [await logits.array(), await noise.array()];
    const shift = z.map((row, at) => {
      const id = ids[at] ?? 0;
      const largest = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0)) + (g[at]?.[id] ?? 0);
      return row.map((value, code) => {
        const free = value + (g[at]?.[code] ?? 0);
        return (code === id ? largest : -Math.log(Math.exp(-free) + Math.exp(-largest))) - value;
      });
    });
    await expectClose(actual, softGradient(inputs, tf.tensor2d(shift)));
  });

  it("reads a packed table as the f32 values that its words stand for", async () => {
    const { logits, upstream } = makeInputs();
    const packed = randomPacked(4, 3, "int8Row");
    const plain = { rows: packed.transposed(), columns: packed.dense() };
    const compute = (table: CodeTable) => {
      const hard = (z: tf.Tensor) => straightThroughEmbedding(z as tf.Tensor2D, table, ids, ones, tau);
      const slope = tf.grad((z) => tf.sum(tf.mul(hard(z), upstream)))(logits);
      return tf.concat([tf.reshape(hard(logits), [-1]), tf.reshape(slope, [-1])]).array();
    };
    expect(await compute(packed)).toEqual(await compute(plain));
    packed.dispose();
  });

  it("stays finite for codes the model thought impossible, and makes them the likeliest", async () => {
    const logits = tf.tensor2d([[0, -200, 80]]);
    const drawn = tf.tensor1d([1], "int32");
    const [probs] = softenChoice({ logits, ids: drawn, noise: tf.zeros([1, 3]) }, { tau: 0.5 });
    const [first = 1, second = 0, third = 1] = await (probs as tf.Tensor).data();
    expect(second).toBeGreaterThanOrEqual(Math.max(first, third));
    expect(first + second + third).toBeCloseTo(1, 5);
  });

  it("refuses ids and weights that are not as many as rows", () => {
    const { codes: table, logits } = makeInputs();
    const run = (codes: Int32Array, weights: Float32Array) => () =>
      straightThroughEmbedding(logits, table, codes, weights, tau);
    expect(run(Int32Array.of(1), ones)).toThrow("1 ids");
    expect(run(ids, Float32Array.of(1))).toThrow("1 weights");
  });
});
