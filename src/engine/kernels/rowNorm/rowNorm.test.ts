import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { registerGradients } from "../../device/gradients.ts";
import { expectClose, expectGradients, randomTensor } from "../oracle.ts";
import { forkNorm, layerNorm, rmsNorm } from "./rowNorm.ts";

beforeAll(async () => {
  await registerGradients();
  await tf.setBackend("cpu");
});

describe("row norms", () => {
  it("layer norm uses the population variance", async () => {
    const [weight, bias] = [tf.tensor1d([1, 2]), tf.tensor1d([0, 1])];
    // mean 2, σ 1: x̂ = (−1, 1)
    const y = layerNorm(tf.tensor2d([[1, 3]]), { weight, bias, epsilon: 0, isTrainable: false });
    expect(await y.array()).toEqual([[-1, 3]]);
  });

  it("RMS norm keeps the mean", async () => {
    const y = rmsNorm(tf.tensor2d([[3, 4]]), {
      weight: tf.tensor1d([5, 10]),
      epsilon: 12.5,
      isTrainable: false,
    });
    // mean square 12.5, with ε 25
    expect(await y.array()).toEqual([[3, 8]]);
  });

  it.each([layerNorm, rmsNorm])("%o has the gradients of x and its weights", async (norm) => {
    const inputs = [randomTensor("x", [2, 5]), randomTensor("weight", [5]), randomTensor("bias", [5])];
    await expectGradients(norm === rmsNorm ? inputs.slice(0, 2) : inputs, (x, weight, bias) =>
      norm(x as tf.Tensor2D, {
        weight: weight as tf.Tensor1D,
        ...(bias ? { bias: bias as tf.Tensor1D } : {}),
        epsilon: 1e-5,
        isTrainable: true,
      }),
    );
  });

  it.each([false, true])(
    "a fork is the norm twice and its input, also in what it sends back",
    async (isTrainable) => {
      const [x, weight, bias] = [
        randomTensor("x", [3, 5]),
        randomTensor("weight", [5]),
        randomTensor("bias", [5]),
      ];
      const norm = { weight: weight as tf.Tensor1D, bias: bias as tf.Tensor1D, epsilon: 1e-5, isTrainable };
      const fork = (given: tf.Tensor) => {
        const { normed, skip } = forkNorm(given as tf.Tensor2D, norm);
        return tf.concat([...normed, skip]);
      };
      const plain = (given: tf.Tensor) => {
        const y = layerNorm(given as tf.Tensor2D, norm);
        return tf.concat([y, y, given as tf.Tensor2D]);
      };
      await expectClose(fork(x), plain(x), 1e-7);
      const dy = randomTensor("dy", [9, 5]);
      await expectClose(tf.grad(fork)(x, dy), tf.grad(plain)(x, dy), 1e-6);
      await expectGradients([x], fork);
    },
  );
});
