import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { registerGradients } from "../../device/gradients.ts";
import { expectClose, expectGradients, randomTensor } from "../oracle.ts";
import { layerNorm } from "../rowNorm/rowNorm.ts";
import { splitHeads } from "./headRotary.ts";
import { makeRotary } from "./rotary.ts";

beforeAll(async () => {
  await registerGradients();
  await tf.setBackend("cpu");
});

const sizes = { headSize: 6, rotarySize: 4, base: 10000 };
const matrix = (name: string, rows: number, columns: number) =>
  randomTensor<tf.Rank.R2>(name, [rows, columns]);
const columns = (x: tf.Tensor2D, start: number, count: number) => tf.slice(x, [0, start], [-1, count]);
const norms = (isTrainable = false) => ({ values: matrix("norms", 4, 6), epsilon: 1e-5, isTrainable });

/** Heads at positions, without norms: x as queries, keys and values alike. */
const split = (x: tf.Tensor2D, ...positions: number[]) =>
  splitHeads(tf.concat([x, x, x], 1), makeRotary(positions, sizes), null);

describe("projections split into heads", () => {
  it("turn pairs half a rotary width apart and leave the rest, values altogether", async () => {
    const x = tf.tensor2d([[1, 2, 3, 4, 5, 6]]);
    const { q, k, v } = split(x, 3);
    // Frequencies 1 and 10000^(−1/2) = 0.01; pairs (1, 3) and (2, 4).
    const pair = (a: number, b: number, angle: number) => [
      a * Math.cos(angle) - b * Math.sin(angle),
      b * Math.cos(angle) + a * Math.sin(angle),
    ];
    const [first, second] = [pair(1, 3, 3), pair(2, 4, 0.03)];
    const expected = tf.tensor2d([[first[0], second[0], first[1], second[1], 5, 6] as number[]]);
    await expectClose(q, expected, 1e-6);
    await expectClose(k, expected, 1e-6);
    expect(await v.array()).toEqual(await x.array());
  });

  it("make products depend on the distance of positions only", async () => {
    const [q, k] = [matrix("q", 1, 6), matrix("k", 1, 6)];
    const productAt = async (a: number, b: number) =>
      (await tf.sum(tf.mul(split(q, a).q, split(k, b).k)).data())[0] ?? Number.NaN;
    expect(await productAt(7, 4)).toBeCloseTo(await productAt(3, 0), 4);
  });

  it("have a norm of their own for queries and for keys", async () => {
    const qkv = matrix("qkv", 2, 36);
    const { values } = norms();
    const rotary = makeRotary([2, 3], sizes);
    const { q, k, v } = splitHeads(qkv, rotary, norms());
    const row = (at: number) => tf.reshape(tf.slice(values, [at, 0], [1, 6]), [6]) as tf.Tensor1D;
    for (const [at, actual] of [q, k].entries()) {
      const heads = tf.reshape(columns(qkv, 12 * at, 12), [4, 6]) as tf.Tensor2D;
      const norm = { weight: row(at), bias: row(2 + at), epsilon: 1e-5, isTrainable: false };
      const normed = tf.reshape(layerNorm(heads, norm), [2, 12]) as tf.Tensor2D;
      await expectClose(actual, split(normed, 2, 3).q, 1e-6);
    }
    await expectClose(v, columns(qkv, 24, 12), 1e-7);
  });

  it("stand behind all of the past, or each sequence behind its own", async () => {
    const qkv = matrix("qkv", 2, 36);
    const [pastK, pastV] = [matrix("k", 4, 12), matrix("v", 4, 12)];
    const rotary = makeRotary([2, 2], sizes);
    const own = splitHeads(qkv, rotary, null);
    const rows = (x: tf.Tensor2D, ...order: number[]) =>
      tf.gather(x, tf.tensor1d(order, "int32")) as tf.Tensor2D;
    for (const [sequences, order] of [
      [1, [0, 1, 2, 3, 4, 5]],
      [2, [0, 1, 4, 2, 3, 5]],
    ] as const) {
      const { k, v } = splitHeads(qkv, rotary, null, { k: pastK, v: pastV, sequences });
      await expectClose(k, rows(tf.concat([pastK, own.k]), ...order), 1e-7);
      await expectClose(v, rows(tf.concat([pastV, own.v]), ...order), 1e-7);
    }
  });

  it("have gradients, with norms and without, behind a past and not", async () => {
    const qkv = matrix("qkv", 4, 36);
    const rotary = makeRotary([1, 5, 1, 5], sizes);
    const past = { k: matrix("k", 6, 12), v: matrix("v", 6, 12), sequences: 2 };
    const all = ({ q, k, v }: ReturnType<typeof splitHeads>) => tf.concat([q, k, v]);
    await expectGradients([qkv], (x) => all(splitHeads(x as tf.Tensor2D, rotary, null)));
    await expectGradients([qkv], (x) => all(splitHeads(x as tf.Tensor2D, rotary, norms(), past)));
    await expectGradients([qkv, norms().values], (x, values) =>
      all(splitHeads(x as tf.Tensor2D, rotary, { ...norms(true), values: values as tf.Tensor2D })),
    );
  });

  it("are refused when shapes do not belong together", () => {
    const [qkv, rotary] = [matrix("qkv", 2, 36), makeRotary([0, 1], sizes)];
    const refused = expect.objectContaining({ code: "badInput" });
    expect(() => splitHeads(matrix("x", 3, 36), rotary, null)).toThrow(refused);
    expect(() => splitHeads(matrix("x", 2, 12), rotary, null)).toThrow(refused);
    expect(() => splitHeads(qkv, rotary, { ...norms(), values: matrix("n", 2, 6) })).toThrow(refused);
    const [k, v] = [matrix("k", 3, 12), matrix("v", 3, 6)];
    expect(() => splitHeads(qkv, rotary, null, { k, v, sequences: 1 })).toThrow(refused);
    expect(() => splitHeads(qkv, rotary, null, { k, v: k, sequences: 2 })).toThrow(refused);
  });
});
