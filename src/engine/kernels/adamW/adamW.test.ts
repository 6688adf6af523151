import "@tensorflow/tfjs-backend-cpu";

import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { addPacked, overwritePacked, packedSquaredNorms, updateAdamW } from "./adamW.ts";
import { createPacking } from "./packing.ts";
import { adamWUpdate } from "./twin.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe("adamWUpdate", () => {
  it("gives the numbers of the formula worked out by hand", () => {
    const options = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1 };
    const result = tf.tidy(() => {
      const next = adamWUpdate(
        {
          parameter: tf.tensor1d([2]),
          gradient: tf.tensor1d([0.5]),
          first: tf.tensor1d([0.1]),
          second: tf.tensor1d([0.04]),
        },
        { update: 2, learningRate: 0.01, options },
      );
      return [next.parameter, next.first, next.second].map((each) => each.dataSync()[0]);
    });
    // m = .09 + .05, v = .0396 + .0025; m̂ = .14/.19, v̂ = .0421/.0199; θ = 2 − .01·(m̂/√v̂ + .2)
    const direction = 0.14 / 0.19 / Math.sqrt(0.0421 / 0.0199);
    expect(result[1]).toBeCloseTo(0.14, 6);
    expect(result[2]).toBeCloseTo(0.0421, 6);
    expect(result[0]).toBeCloseTo(2 - 0.01 * (direction + 0.2), 6);
  });
});

describe("packed tensors", () => {
  const packing = createPacking([
    { name: "a", shape: [2, 1] },
    { name: "b", shape: [] },
    { name: "c", shape: [3] },
  ]);

  it("lie one behind the other", () => {
    expect(packing.size).toBe(6);
    expect(packing.segments.map(({ offset, size }) => [offset, size])).toEqual([
      [0, 2],
      [2, 1],
      [3, 3],
    ]);
  });

  it("are added, overwritten and squared at their places", () => {
    const sum = tf.variable(tf.zeros([6]));
    addPacked(sum, packing, [tf.tensor2d([[1], [2]]), undefined, tf.tensor1d([3, 4, 5])]);
    addPacked(sum, packing, [undefined, tf.scalar(7), tf.tensor1d([10, 20, 30])]);
    expect(Array.from(sum.dataSync())).toEqual([1, 2, 7, 13, 24, 35]);
    overwritePacked(sum, 2, tf.tensor1d([-1, -2]));
    expect(Array.from(sum.dataSync())).toEqual([1, 2, -1, -2, 24, 35]);
    expect(Array.from(packedSquaredNorms(sum, packing).dataSync())).toEqual([5, 1, 4 + 576 + 1225]);
  });

  it("are updated like every tensor alone, the unreached not at all", () => {
    const options = { beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.2 };
    const step = { update: 3, learningRate: 0.05, options };
    const starts = [tf.tensor2d([[1], [-2]]), tf.scalar(3), tf.tensor1d([4, 0, -6])];
    const parameters = starts.map((start) => tf.variable(start as tf.Tensor));
    const gradients = tf.tensor1d([1, 2, 3, -4, 5, 6]);
    const moments = tf.variable(tf.tensor2d([1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60], [2, 6]));
    const reached = [true, false, true];
    updateAdamW({ packing, parameters, reached, gradients, gradientScale: 0.5, moments, step });
    const expected = adamWUpdate(
      {
        parameter: tf.tensor1d([4, 0, -6]),
        gradient: tf.tensor1d([-2, 2.5, 3]),
        first: tf.tensor1d([4, 5, 6]),
        second: tf.tensor1d([40, 50, 60]),
      },
      step,
    );
    expect(Array.from(parameters[2]?.dataSync() ?? [])).toEqual(Array.from(expected.parameter.dataSync()));
    const held = Array.from(moments.dataSync());
    expect(held.slice(3, 6)).toEqual(Array.from(expected.first.dataSync()));
    expect(held.slice(9)).toEqual(Array.from(expected.second.dataSync()));
    expect(parameters[1]?.dataSync()[0]).toBe(3);
    expect([held[2], held[8]]).toEqual([3, 30]);
    expect(parameters[0]?.shape).toEqual([2, 1]);
    expect(parameters[0]?.dataSync()[0]).not.toBe(1);
  });
});
