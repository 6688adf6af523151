import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import { expectTwinAgrees, randomTensor } from "../oracle.ts";
import { rotateHeads } from "./headRotary.ts";
import { makeRotary } from "./rotary.ts";

const hasDawn = (await openDawn()) !== null;

interface Case {
  readonly batch: number;
  readonly length: number;
  readonly heads: number;
  readonly headSize: number;
  readonly rotarySize: number;
}

const CASES: readonly Case[] = [
  { batch: 1, length: 1, heads: 1, headSize: 4, rotarySize: 2 },
  { batch: 3, length: 17, heads: 5, headSize: 6, rotarySize: 4 },
  { batch: 2, length: 65, heads: 2, headSize: 32, rotarySize: 16 },
  { batch: 1, length: 3, heads: 1, headSize: 128, rotarySize: 128 },
];

describe.skipIf(!hasDawn)("head norm and rotation on WebGPU", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  });
  afterAll(closeBackend);

  function compute(
    { batch, length, heads, headSize, rotarySize }: Case,
    isNormed: boolean,
    isTrainable = false,
  ) {
    const x = randomTensor<tf.Rank.R2>("x", [batch * length, heads * headSize]);
    const norm = {
      weight: randomTensor<tf.Rank.R1>("weight", [headSize]),
      bias: randomTensor<tf.Rank.R1>("bias", [headSize]),
      epsilon: 1e-5,
      isTrainable,
    };
    const direction = randomTensor("direction", x.shape);
    const run = (rows: tf.Tensor) => {
      const positions = Array.from({ length }, (_, row) => 7 + row);
      const rotary = makeRotary(positions, { headSize, rotarySize, base: 10000 });
      return rotateHeads(rows as tf.Tensor2D, rotary, isNormed ? norm : null);
    };
    return [run(x), tf.grad((rows) => tf.sum(tf.mul(run(rows), direction)))(x)];
  }

  it.each(CASES)("agrees with its twin: $length rows of $heads × $headSize", async (sizes) => {
    await expectTwinAgrees(() => compute(sizes, true));
    await expectTwinAgrees(() => compute(sizes, false));
  });

  it("leaves trainable norms to the twin", () =>
    expectTwinAgrees(() => compute(CASES[1] as Case, true, true)));
});
