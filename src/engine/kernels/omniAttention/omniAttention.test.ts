import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { registerGradients } from "../../device/gradients.ts";
import { expectClose, randomTensor } from "../oracle.ts";
import { attentionMask, expandRanges } from "./attentionMask.ts";
import { omniAttention } from "./omniAttention.ts";

beforeAll(async () => {
  await registerGradients();
  await tf.setBackend("cpu");
});

const [BATCH, QUERIES, KEYS, HEADS, SIZE] = [2, 3, 5, 2, 4];
/** [B][Q] first column seen and the one behind the last; the last row sees nothing. */
const RANGES = [
  [
    [0, 3],
    [1, 4],
    [0, 5],
  ],
  [
    [2, 3],
    [0, 5],
    [4, 4],
  ],
] as const;
const FLAT = Int32Array.from(RANGES.flat(2));

const inputs = () => ({
  q: randomTensor<tf.Rank.R4>("q", [BATCH, QUERIES, HEADS, SIZE]),
  k: randomTensor<tf.Rank.R4>("k", [BATCH, KEYS, HEADS, SIZE]),
  v: randomTensor<tf.Rank.R4>("v", [BATCH, KEYS, HEADS, SIZE]),
});

/** The definition, in doubles. */
function attendByLoops(q: Float32Array, k: Float32Array, v: Float32Array): number[] {
  const at = (sequence: number, row: number, rows: number, head: number) =>
    ((sequence * rows + row) * HEADS + head) * SIZE;
  const output: number[] = [];
  for (const [sequence, rows] of RANGES.entries()) {
    for (const [row, [first, end]] of rows.entries()) {
      for (let head = 0; head < HEADS; head++) {
        const columns = Array.from({ length: end - first }, (_, offset) => first + offset);
        const weights = columns.map((column) => {
          let score = 0;
          for (let d = 0; d < SIZE; d++) {
            score +=
              (q[at(sequence, row, QUERIES, head) + d] ?? 0) * (k[at(sequence, column, KEYS, head) + d] ?? 0);
          }
          return Math.exp(score / Math.sqrt(SIZE));
        });
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        for (let d = 0; d < SIZE; d++) {
          const mixed = columns.map(
            (column, place) => (weights[place] ?? 0) * (v[at(sequence, column, KEYS, head) + d] ?? 0),
          );
          output.push(columns.length === 0 ? 0 : mixed.reduce((sum, part) => sum + part, 0) / total);
        }
      }
    }
  }
  return output;
}

describe("attention", () => {
  it("is the weighted mean of the values that a row may see", async () => {
    const { q, k, v } = inputs();
    const output = omniAttention(q, k, v, attentionMask(FLAT, BATCH, QUERIES, KEYS));
    const [qs, ks, vs] = (await Promise.all([q.data(), k.data(), v.data()])) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    await expectClose(output, tf.tensor(attendByLoops(qs, ks, vs), output.shape), 1e-6);
  });

  it.each(["q", "k", "v"] as const)("has the gradient of finite differences in %s", async (name) => {
    const given = inputs();
    const mask = attentionMask(FLAT, BATCH, QUERIES, KEYS);
    const weights = randomTensor("w", [BATCH, QUERIES, HEADS, SIZE]);
    const loss = (x: tf.Tensor) =>
      tf.sum(
        tf.mul(
          omniAttention(
            ...(Object.values({ ...given, [name]: x }) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D]),
            mask,
          ),
          weights,
        ),
      ) as tf.Scalar;
    const gradient = (await tf.grad(loss)(given[name]).data()) as Float32Array;
    const direction = randomTensor("direction", given[name].shape);
    const step = 1e-2;
    const at = (sign: number) =>
      loss(tf.add(given[name], tf.mul(direction, sign * step))).dataSync()[0] ?? Number.NaN;
    const measured = (at(1) - at(-1)) / (2 * step);
    const directions = await direction.data();
    const predicted = gradient.reduce((sum, value, place) => sum + value * (directions[place] ?? 0), 0);
    expect(Math.abs(measured - predicted)).toBeLessThan(2e-3 * Math.max(1, Math.abs(predicted)));
    expect(Math.abs(predicted)).toBeGreaterThan(1e-3);
  });

  it("gives rows that see nothing no output and no gradient, nor keys that nobody sees", async () => {
    const { q, k, v } = inputs();
    // Of the second sequence, only the first row sees, and only the third column.
    const ranges = Int32Array.of(0, 5, 0, 5, 0, 5, 2, 3, 0, 0, 5, 5);
    const mask = attentionMask(ranges, BATCH, QUERIES, KEYS);
    const run = (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor) =>
      omniAttention(a as tf.Tensor4D, b as tf.Tensor4D, c as tf.Tensor4D, mask);
    // Wanting more of every output, those of blind rows too.
    const [dq, dk, dv] = tf.grads(run)([q, k, v], randomTensor("dy", q.shape));
    // Magnitudes, as a zero may have either sign.
    const second = async (x: tf.Tensor | undefined) =>
      (await tf.unstack(tf.abs(x as tf.Tensor))[1]?.array()) as number[][][];
    const zeros = [
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ];
    expect((await second(run(q, k, v))).slice(1)).toEqual([zeros, zeros]);
    expect((await second(dq)).slice(1)).toEqual([zeros, zeros]);
    for (const gradient of [await second(dk), await second(dv)]) {
      for (const column of [0, 1, 3, 4]) expect(gradient[column]).toEqual(zeros);
    }
    expect((await second(dv))[2]).not.toEqual(zeros);
  });

  it("needs the mask no longer than the call", async () => {
    const { q, k, v } = inputs();
    const gradient = (isEarly: boolean) =>
      tf.grad((x: tf.Tensor) => {
        const mask = attentionMask(FLAT, BATCH, QUERIES, KEYS);
        const output = omniAttention(x as tf.Tensor4D, k, v, mask);
        if (isEarly) mask.dispose();
        return tf.sum(tf.square(output));
      })(q);
    expect(await gradient(true).data()).toEqual(await gradient(false).data());
  });

  it("refuses shapes that do not fit each other", () => {
    const { q, k, v } = inputs();
    const ranges = (...shape: number[]) => tf.zeros(shape, "int32");
    expect(() => omniAttention(q, k, tf.zeros([BATCH, KEYS, HEADS, SIZE + 4]), null)).toThrow(
      "need keys and values of [2,5,2,4], not [2,5,2,4] and [2,5,2,8]",
    );
    expect(() => omniAttention(q, tf.zeros([1, KEYS, HEADS, SIZE]), v, null)).toThrow("not [1,5,2,4]");
    for (const mask of [ranges(1, QUERIES, 2), ranges(BATCH, 2, 2), ranges(BATCH, 1, 1)]) {
      expect(() => omniAttention(q, k, v, mask)).toThrow(`[2,3,2] or [2,1,2], not [${mask.shape}]`);
    }
  });

  it("makes the same table from ranges by stock ops", async () => {
    const made = attentionMask(FLAT, BATCH, QUERIES, KEYS);
    const expanded = expandRanges(tf.tensor3d(FLAT, [BATCH, QUERIES, 2], "int32"), KEYS);
    // -0 and 0 add the same.
    expect([...(await tf.abs(expanded).data())]).toEqual([...(await tf.abs(made).data())]);
  });

  it("refuses ranges that run backwards, or columns that are not there", () => {
    expect(() => attentionMask(Int32Array.of(0, 2, 3, 2), 1, 2, 4)).toThrow("Row 1 sees columns 3 to 2 of 4");
    expect(() => attentionMask(Int32Array.of(-1, 2), 1, 1, 4)).toThrow("Row 0 sees columns -1 to 2 of 4");
    expect(() => attentionMask(Int32Array.of(0, 5), 1, 1, 4)).toThrow("Row 0 sees columns 0 to 5 of 4");
  });
});
