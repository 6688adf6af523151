import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { expectTwinAgrees, randomTensor } from "../oracle.ts";
import { splitHeads } from "./headRotary.ts";
import { makeRotary } from "./rotary.ts";

const hasDawn = (await openDawn()) !== null;

interface Case {
  readonly rows: number;
  readonly heads: number;
  readonly headSize: number;
  readonly rotarySize: number;
  /** Rows of a past, and to how many sequences they and the rows belong. */
  readonly past: readonly [rows: number, sequences: number];
}

const CASES: readonly Case[] = [
  { rows: 1, heads: 1, headSize: 4, rotarySize: 2, past: [0, 1] },
  { rows: 51, heads: 5, headSize: 6, rotarySize: 4, past: [17, 1] },
  { rows: 130, heads: 2, headSize: 32, rotarySize: 16, past: [0, 1] },
  { rows: 3, heads: 1, headSize: 128, rotarySize: 128, past: [63, 3] },
];

describe.skipIf(!hasDawn)("projections split into heads on WebGPU", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  });
  afterAll(closeBackend);

  function compute(
    { rows, heads, headSize, rotarySize, past }: Case,
    isNormed: boolean,
    isTrainable = false,
  ) {
    const width = heads * headSize;
    const qkv = randomTensor<tf.Rank.R2>("qkv", [rows, 3 * width]);
    const norms = { values: randomTensor<tf.Rank.R2>("norms", [4, headSize]), epsilon: 1e-5, isTrainable };
    const [pastRows, sequences] = past;
    const before =
      pastRows > 0
        ? {
            k: randomTensor<tf.Rank.R2>("k", [pastRows, width]),
            v: randomTensor<tf.Rank.R2>("v", [pastRows, width]),
            sequences,
          }
        : null;
    const weights = [rows, pastRows + rows, pastRows + rows].map((count, at) =>
      randomTensor(`weights ${at}`, [count, width]),
    );
    const run = (x: tf.Tensor) => {
      const positions = Array.from({ length: rows }, (_, row) => 7 + (row % 17));
      const rotary = makeRotary(positions, { headSize, rotarySize, base: 10000 });
      const { q, k, v } = splitHeads(x as tf.Tensor2D, rotary, isNormed ? norms : null, before);
      return [q, k, v];
    };
    const loss = (x: tf.Tensor) =>
      tf.addN(run(x).map((part, at) => tf.sum(tf.mul(part, weights[at] as tf.Tensor))));
    return [...run(qkv), tf.grad(loss)(qkv)];
  }

  it.each(CASES)("agree with their twin: $rows rows of $heads × $headSize behind $past", async (sizes) => {
    await expectTwinAgrees(() => compute(sizes, true));
    await expectTwinAgrees(() => compute(sizes, false));
  });

  it("leave trainable norms to the twin", () =>
    expectTwinAgrees(() => compute(CASES[1] as Case, true, true)));

  it("take one dispatch each way", () => {
    const backend = tf.backend() as unknown as TrainerBackend;
    const rotary = makeRotary([0, 1], { headSize: 4, rotarySize: 2, base: 10000 });
    const norms = { values: randomTensor<tf.Rank.R2>("n", [4, 4]), epsilon: 1e-5, isTrainable: false };
    const past = { k: tf.ones<tf.Rank.R2>([5, 8]), v: tf.ones<tf.Rank.R2>([5, 8]), sequences: 1 };
    const before = backend.dispatchesByProgram();
    tf.tidy(() => {
      const run = (x: tf.Tensor) => splitHeads(x as tf.Tensor2D, rotary, norms, past).k;
      tf.grad(run)(randomTensor("qkv", [2, 24]), tf.ones([7, 8]));
    });
    const after = backend.dispatchesByProgram();
    for (const name of ["headRotary", "headRotaryGradient"]) {
      expect((after.get(name) ?? 0) - (before.get(name) ?? 0)).toBe(1);
    }
  });
});
