import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { expectTwinAgrees, randomTensor } from "../oracle.ts";
import { forkNorm, layerNorm, rmsNorm } from "./rowNorm.ts";

const hasDawn = (await openDawn()) !== null;
const backend = () => tf.backend() as unknown as TrainerBackend;

const SHAPES: readonly (readonly [number, number])[] = [
  [1, 1],
  [3, 17],
  [65, 64],
  [129, 65],
  [17, 256],
];

describe.skipIf(!hasDawn)("row norms on WebGPU", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  });
  afterAll(closeBackend);

  function compute(
    norm: typeof layerNorm,
    [rows, width]: readonly [number, number],
    level: number,
    isTrainable: boolean,
  ) {
    const x = tf.add(randomTensor("x", [rows, width]), level) as tf.Tensor2D;
    const weight = randomTensor<tf.Rank.R1>("weight", [width]);
    const bias = randomTensor<tf.Rank.R1>("bias", [width]);
    const shift = norm === layerNorm ? { bias } : {};
    const direction = randomTensor("direction", x.shape);
    const run = (rows: tf.Tensor) =>
      norm(rows as tf.Tensor2D, { weight, ...shift, epsilon: 1e-5, isTrainable });
    return [run(x), tf.grad((rows) => tf.sum(tf.mul(run(rows), direction)))(x)];
  }

  it.each(SHAPES)("layer norm agrees with its twin at %i × %i", (...shape) =>
    // A row of one is its own mean: σ is √ε, and rounding noise is all there is.
    expectTwinAgrees(() => compute(layerNorm, shape, 0, false), shape[1] === 1 ? 1e-2 : 1e-5),
  );

  it.each(SHAPES)("RMS norm agrees with its twin at %i × %i", (...shape) =>
    expectTwinAgrees(() => compute(rmsNorm, shape, 0, false)),
  );

  it.each(SHAPES.slice(1))("a fork agrees with its twin at %i × %i", (rows, width) =>
    expectTwinAgrees(() => {
      const norm = {
        weight: randomTensor<tf.Rank.R1>("weight", [width]),
        bias: randomTensor<tf.Rank.R1>("bias", [width]),
        epsilon: 1e-5,
        isTrainable: false,
      };
      const run = (given: tf.Tensor) => {
        const { normed, skip } = forkNorm(given as tf.Tensor2D, norm);
        return tf.concat([...normed, skip]);
      };
      const x = randomTensor("x", [rows, width]);
      return [run(x), tf.grad(run)(x, randomTensor("dy", [3 * rows, width]))];
    }),
  );

  it("keeps the digits of a small deviation behind a large mean", () =>
    expectTwinAgrees(() => compute(layerNorm, [5, 256], 300, false), 2e-4));

  it.each(SHAPES)("agrees with its twin without subgroups too, at %i × %i", async (...shape) => {
    const own = backend().features;
    Object.assign(backend(), { features: new Set() });
    const tolerance = shape[1] === 1 ? 1e-2 : 1e-5;
    await expectTwinAgrees(() => compute(layerNorm, shape, 0, false), tolerance);
    await expectTwinAgrees(() => compute(rmsNorm, shape, 0, false));
    Object.assign(backend(), { features: own });
  });

  it("leaves trainable weights to the twin", () =>
    expectTwinAgrees(() => compute(layerNorm, [5, 16], 0, true)));
});
