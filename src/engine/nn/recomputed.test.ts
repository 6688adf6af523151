import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, describe, expect, it } from "vitest";
import { registerGradients } from "../device/gradients.ts";
import { recomputed } from "./recomputed.ts";

beforeAll(async () => {
  await registerGradients();
  await tf.setBackend("cpu");
});

const X = [
  [0.3, -1.2],
  [0.7, 0.1],
  [-0.4, 0.9],
];

/** Three layers of tanh(h·W)·h; each through `wrap`. */
function network(
  x: tf.Tensor2D,
  weights: tf.Variable[],
  wrap: (h: tf.Tensor, weight: tf.Variable, body: (h: tf.Tensor) => tf.Tensor) => tf.Tensor,
): tf.Scalar {
  let h: tf.Tensor = x;
  for (const weight of weights) {
    h = wrap(h, weight, (input) =>
      tf.mul(tf.tanh(tf.matMul(input as tf.Tensor2D, weight as unknown as tf.Tensor2D)), input),
    );
  }
  return tf.sum(tf.square(h)) as tf.Scalar;
}

describe("recomputed parts", () => {
  const makeWeights = () =>
    [0, 1, 2].map((layer) =>
      tf.variable(
        tf.tensor2d([
          [1 + layer, -0.5],
          [0.25, 0.75 - layer],
        ]),
      ),
    );

  it("give the gradients of the plain network, to the input and to the variables", async () => {
    const [plain, again] = [makeWeights(), makeWeights()];
    const x = tf.tensor2d(X);
    const expected = tf.grads((input, ...rest) => {
      void rest;
      return network(input as tf.Tensor2D, plain, (h, _, body) => body(h));
    })([x, ...plain]);
    const actual = tf.grads((input, ...rest) => {
      void rest;
      return network(input as tf.Tensor2D, again, (h, weight, body) =>
        recomputed({ inputs: [h], variables: [weight] }, ([input]) => body(input as tf.Tensor)),
      );
    })([x, ...again]);
    for (const [at, gradient] of expected.entries()) {
      expect([...(actual[at]?.dataSync() ?? [])]).toEqual([...gradient.dataSync()]);
    }
  });

  it("work under variableGrads, leave the tape usable and leak nothing", () => {
    const weights = makeWeights();
    const x = tf.tensor2d(X);
    const run = () =>
      tf.variableGrads(
        () =>
          network(x, weights, (h, weight, body) =>
            recomputed(
              h === x
                ? { inputs: [], constants: [h], variables: [weight] }
                : { inputs: [h], variables: [weight] },
              ([input], [fixed]) => body((input ?? fixed) as tf.Tensor),
            ),
          ),
        weights,
      );
    const first = run();
    tf.dispose([first.value, ...Object.values(first.grads)]);
    const before = tf.memory().numTensors;
    const { value, grads } = run();
    expect(Object.keys(grads)).toHaveLength(3);
    tf.dispose([value, ...Object.values(grads)]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("keep only the input alive between the passes", () => {
    const weight = tf.variable(
      tf.tensor2d([
        [1, 2],
        [3, 4],
      ]),
    );
    let during = 0;
    const before = tf.memory().numTensors;
    const { value, grads } = tf.variableGrads(() => {
      const h = recomputed({ inputs: [], constants: [tf.tensor2d(X)], variables: [weight] }, (_, [input]) => {
        let deep = input as tf.Tensor;
        for (let layer = 0; layer < 5; layer++)
          deep = tf.tanh(tf.matMul(deep as tf.Tensor2D, weight as unknown as tf.Tensor2D));
        return deep;
      });
      const loss = tf.sum(h) as tf.Scalar;
      during = tf.memory().numTensors;
      return loss;
    }, [weight]);
    // x, its kept copy, h, the loss
    expect(during - before).toBeLessThanOrEqual(5);
    tf.dispose([value, ...Object.values(grads)]);
  });

  it("give zeros to a variable that the part does not use", () => {
    const [used, unused] = [tf.variable(tf.scalar(2)), tf.variable(tf.scalar(3))];
    const { grads } = tf.variableGrads(
      () =>
        tf.sum(
          recomputed({ inputs: [], constants: [tf.tensor1d([1, 2])], variables: [used, unused] }, (_, [x]) =>
            tf.mul(x as tf.Tensor, used),
          ),
        ) as tf.Scalar,
      [used, unused],
    );
    expect(grads[used.name]?.dataSync()[0]).toBe(3);
    expect(grads[unused.name]?.dataSync()[0]).toBe(0);
  });
});
