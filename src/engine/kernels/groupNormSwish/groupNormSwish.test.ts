import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { randomTensor, relativeError } from "../oracle.ts";
import { type GroupNorm, groupNorm, groupNormSwish } from "./groupNormSwish.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

/** In f64 loops. @param x [B, P, C] */
function computePlainly(
  x: ArrayLike<number>,
  [images, positions, channels]: readonly [number, number, number],
  { groups, epsilon, weight, bias }: GroupNorm,
): number[] {
  const members = channels / groups;
  const [scale, shift] = [weight.dataSync(), bias.dataSync()];
  const placesOf = (image: number, group: number) =>
    Array.from(
      { length: positions * members },
      (_, at) => (image * positions + Math.floor(at / members)) * channels + group * members + (at % members),
    );
  const y = new Array<number>(x.length).fill(Number.NaN);
  for (let owner = 0; owner < images * groups; owner++) {
    const places = placesOf(Math.floor(owner / groups), owner % groups);
    const mean = places.reduce((sum, place) => sum + (x[place] ?? 0), 0) / places.length;
    const variance = places.reduce((sum, place) => sum + ((x[place] ?? 0) - mean) ** 2, 0) / places.length;
    for (const place of places) {
      const normal = ((x[place] ?? 0) - mean) / Math.sqrt(variance + epsilon);
      const channel = place % channels;
      y[place] = normal * (scale[channel] ?? 0) + (shift[channel] ?? 0);
    }
  }
  return y;
}

describe("group norm", () => {
  it("takes one mean and deviation for all channels of a group", async () => {
    const norm = { weight: tf.tensor1d([1, 2, 1]), bias: tf.tensor1d([0, 0, 5]), groups: 1, epsilon: 0 };
    // mean 2, population variance 2/3
    const y = groupNorm(tf.tensor4d([1, 2, 3], [1, 1, 1, 3]), norm);
    const unit = Math.sqrt(1.5);
    expect(relativeError(await y.data(), [-unit, 0, unit + 5])).toBeLessThan(1e-6);
  });

  it.each([
    [1, 6],
    [2, 6],
    [6, 6],
  ])("with %i groups of %i channels equals f64 loops, with swish too", async (groups, channels) => {
    const x = randomTensor<tf.Rank.R4>("x", [2, 3, 5, channels]);
    const [weight, bias] = ["weight", "bias"].map((name) => randomTensor<tf.Rank.R1>(name, [channels]));
    const norm = { weight, bias, groups, epsilon: 1e-6 } as GroupNorm;
    const expected = computePlainly(x.dataSync(), [2, 15, channels], norm);
    expect(relativeError(await groupNorm(x, norm).data(), expected)).toBeLessThan(1e-5);
    const swished = expected.map((value) => value / (1 + Math.exp(-value)));
    expect(relativeError(await groupNormSwish(x, norm).data(), swished)).toBeLessThan(1e-5);
  });

  it("refuses groups that do not divide the channels", () => {
    const norm = { weight: tf.zeros([3]), bias: tf.zeros([3]), groups: 2, epsilon: 0 } as GroupNorm;
    expect(() => groupNorm(tf.zeros([1, 1, 1, 3]), norm)).toThrow("3 channels");
  });
});
