/** For tests: inputs from a seed, and comparison of a shader with its twin. */
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import type { QuantFormat } from "../quant/quantFormat.ts";
import { quantiseMatrix } from "../quant/quantiseMatrix.ts";
import { createRng } from "../rng.ts";
import { withTwins } from "./defineOp.ts";
import { PackedWeight } from "./quantMatMul/packedWeight.ts";
import { relativeError } from "./relativeError.ts";

export { relativeError };

/** Standard Gumbel numbers cut to ±`reach`: uneven and of both signs. */
export function randomTensor<R extends tf.Rank>(name: string, shape: number[], reach = 2): tf.Tensor<R> {
  const size = shape.reduce((total, side) => total * side, 1);
  const values = createRng("oracle", name, ...shape)
    .gumbel(size)
    .map((value) => Math.max(-reach, Math.min(reach, (value - 0.6) * reach * 0.5)));
  return tf.tensor(values, shape as tf.ShapeMap[R], "float32");
}

/** Normal values packed, with every form of them made, so that tensors can be counted around what uses it. */
export function randomPacked(outSize: number, inSize: number, format: QuantFormat): PackedWeight {
  const values = createRng("oracle", "packed", outSize, inSize).normal(outSize * inSize);
  const weight = new PackedWeight(quantiseMatrix(values, { outSize, inSize }, format));
  for (const form of [weight.packed, weight.scales, weight.dense(), weight.transposed()]) tf.keep(form);
  return weight;
}

/** Both to `tolerance` of the largest value, and of one shape. */
export async function expectClose(actual: tf.Tensor, expected: tf.Tensor, tolerance = 1e-5): Promise<void> {
  expect(actual.shape).toEqual(expected.shape);
  expect(relativeError(await actual.data(), await expected.data())).toBeLessThan(tolerance);
}

/**
 * Runs a computation by shaders and by twins and compares every tensor of the result; what `compute` makes besides is
 * tidied, and no tensor may be left over.
 */
export async function expectTwinAgrees(compute: () => tf.Tensor[], tolerance = 1e-5): Promise<void> {
  const before = tf.memory().numTensors;
  const actual = tf.tidy(compute);
  const expected = withTwins(() => tf.tidy(compute));
  expect(actual.length).toBe(expected.length);
  for (const [at, tensor] of actual.entries())
    await expectClose(tensor, expected[at] as tf.Tensor, tolerance);
  tf.dispose([actual, expected]);
  expect(tf.memory().numTensors).toBe(before);
}

/**
 * The tape's gradients against central differences of Σ weights·f along a random direction, input by input. f32 leaves
 * about 1e-3 of a difference quotient.
 */
export async function expectGradients(
  inputs: tf.Tensor[],
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
  step = 1e-2,
): Promise<void> {
  const weights = tf.tidy(() => randomTensor("weights of the output", f(...inputs).shape));
  const objective = (...args: tf.Tensor[]) => tf.sum(tf.mul(f(...args), weights)) as tf.Scalar;
  const gradients = tf.grads(objective)(inputs);
  for (const [at, input] of inputs.entries()) {
    const direction = randomTensor(`direction ${at}`, input.shape);
    const moved = (sign: number) =>
      objective(
        ...inputs.map((other, place) =>
          place === at ? tf.add(other, tf.mul(direction, sign * step)) : other,
        ),
      );
    const [ahead = Number.NaN] = await moved(1).data();
    const [behind = Number.NaN] = await moved(-1).data();
    const [predicted = Number.NaN] = await tf.sum(tf.mul(gradients[at] as tf.Tensor, direction)).data();
    const measured = (ahead - behind) / (2 * step);
    expect(Math.abs(measured - predicted)).toBeLessThan(3e-3 * Math.max(1, Math.abs(predicted)));
    // A gradient of nothing would agree with anything.
    expect(Math.abs(predicted)).toBeGreaterThan(1e-3);
  }
}
