import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { registerGradients } from "../../device/gradients.ts";
import { expectClose, expectGradients, randomTensor } from "../oracle.ts";
import { layerNorm } from "../rowNorm/rowNorm.ts";
import { rotateHeads } from "./headRotary.ts";
import { makeRotary } from "./rotary.ts";

beforeAll(async () => {
  await registerGradients();
  await tf.setBackend("cpu");
});

describe("head norm and rotation", () => {
  const sizes = { headSize: 6, rotarySize: 4, base: 10000 };
  const rotate = (x: tf.Tensor2D, ...positions: number[]) =>
    rotateHeads(x, makeRotary(positions, sizes), null);

  it("turns pairs half a rotary width apart and leaves the rest", async () => {
    const turned = await rotate(tf.tensor2d([[1, 2, 3, 4, 5, 6]]), 3).data();
    // Frequencies 1 and 10000^(−1/2) = 0.01; pairs (1, 3) and (2, 4).
    const pair = (a: number, b: number, angle: number) => [
      a * Math.cos(angle) - b * Math.sin(angle),
      b * Math.cos(angle) + a * Math.sin(angle),
    ];
    const [first, second] = [pair(1, 3, 3), pair(2, 4, 0.03)];
    const expected = [first[0], second[0], first[1], second[1], 5, 6];
    for (const [at, value] of expected.entries()) expect(turned[at]).toBeCloseTo(value ?? Number.NaN, 5);
  });

  it("makes products depend on the distance of positions only", async () => {
    const [q, k] = [randomTensor<tf.Rank.R2>("q", [1, 6]), randomTensor<tf.Rank.R2>("k", [1, 6])];
    const productAt = async (a: number, b: number) =>
      (await tf.sum(tf.mul(rotate(q, a), rotate(k, b))).data())[0] ?? Number.NaN;
    expect(await productAt(7, 4)).toBeCloseTo(await productAt(3, 0), 4);
  });

  it("starts each sequence at the first position", async () => {
    const row = randomTensor<tf.Rank.R2>("row", [1, 12]);
    const rows = tf.concat([row, row, row, row]) as tf.Tensor2D;
    const turned = rotate(rows, 5, 9);
    const parts = [rotate(row, 5), rotate(row, 9), rotate(row, 5), rotate(row, 9)];
    await expectClose(turned, tf.concat(parts), 1e-6);
  });

  it("normalises each head before it turns", async () => {
    const norm = {
      weight: randomTensor<tf.Rank.R1>("weight", [6]),
      bias: randomTensor<tf.Rank.R1>("bias", [6]),
      epsilon: 1e-5,
      isTrainable: false,
    };
    const x = randomTensor<tf.Rank.R2>("x", [2, 12]);
    const normed = tf.reshape(layerNorm(tf.reshape(x, [4, 6]), norm), [2, 12]) as tf.Tensor2D;
    await expectClose(rotateHeads(x, makeRotary([2, 3], sizes), norm), rotate(normed, 2, 3), 1e-6);
  });

  it("refuses a norm without a shift instead of leaving it out", () => {
    const norm = { weight: randomTensor<tf.Rank.R1>("weight", [6]), epsilon: 1e-5, isTrainable: false };
    const x = randomTensor<tf.Rank.R2>("x", [2, 12]);
    expect(() => rotateHeads(x, makeRotary([0, 1], sizes), norm)).toThrow("need a bias");
  });

  it("has its gradients, with and without the norm", async () => {
    const x = randomTensor("x", [4, 12]);
    const rotary = makeRotary([1, 5], sizes);
    await expectGradients([x], (rows) => rotateHeads(rows as tf.Tensor2D, rotary, null));
    await expectGradients([x, randomTensor("weight", [6]), randomTensor("bias", [6])], (rows, weight, bias) =>
      rotateHeads(rows as tf.Tensor2D, rotary, {
        weight: weight as tf.Tensor1D,
        bias: bias as tf.Tensor1D,
        epsilon: 1e-5,
        isTrainable: true,
      }),
    );
  });
});
