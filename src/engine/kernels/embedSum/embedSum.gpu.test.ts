import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { createRng } from "../../rng.ts";
import { expectTwinAgrees, randomPacked, randomTensor } from "../oracle.ts";
import type { PackedWeight } from "../quantMatMul/packedWeight.ts";
import { straightThroughEmbedding } from "./embedSum.ts";

const hasDawn = (await openDawn()) !== null;

/** Rows, codes, width of the table. */
const SIZES: readonly (readonly [number, number, number])[] = [
  [1, 7, 20],
  [3, 130, 64],
  [65, 260, 20],
  [33, 131, 3],
  [3, 1024, 64],
];

describe.skipIf(!hasDawn)("straightThroughEmbedding on WebGPU", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  });
  afterAll(closeBackend);

  function compute(
    [rows, codes, width]: readonly [number, number, number],
    hasNoise: boolean,
    level = 0,
    packed: PackedWeight | null = null,
  ) {
    const table = randomTensor<tf.Rank.R2>("table", [codes, width], 1);
    const plain = { rows: table, columns: tf.transpose(table) as tf.Tensor2D };
    const logits = tf.add(randomTensor("logits", [rows, codes], 4), level) as tf.Tensor2D;
    const gumbel = createRng("embedSum").gumbel(rows * codes);
    const noise = hasNoise ? tf.tensor2d(gumbel, [rows, codes]) : null;
    const ids = Int32Array.from({ length: rows }, (_, row) => (row * 7919 + codes - 1) % codes);
    // A row without gradient among the others.
    const weights = Float32Array.from(ids, (_, row) => (row === 1 ? 0 : 1));
    const direction = randomTensor("direction", [rows, width]);
    const run = (z: tf.Tensor) =>
      straightThroughEmbedding(z as tf.Tensor2D, packed ?? plain, ids, weights, 0.7, noise);
    return [run(logits), tf.grad((z) => tf.sum(tf.mul(run(z), direction)))(logits)];
  }

  it.each(SIZES)("agrees with its twin: %i rows, %i codes, width %i", async (...sizes) => {
    await expectTwinAgrees(() => compute(sizes, false));
    await expectTwinAgrees(() => compute(sizes, true));
  });

  it.each([
    [1, 7, 20, "int8Row"],
    [65, 260, 20, "int8"],
    [33, 131, 3, "int8Row"],
    [3, 130, 64, "int4"],
  ] as const)("agrees with its twin: %i rows, %i packed codes, width %i, %s", async (...test) => {
    const [rows, codes, width, format] = test;
    const packed = randomPacked(codes, width, format);
    await expectTwinAgrees(() => compute([rows, codes, width], true, 0, packed));
    packed.dispose();
  });

  it.each([200, -200])("agrees where exponentials of the logits leave f32: around %i", (level) =>
    // A logit of 200 is known to 1e-5 only, and so is its exponential.
    expectTwinAgrees(() => compute([5, 33, 8], true, level), 1e-4),
  );

  it("keeps one tensor of the vocabulary's width", () => {
    const backend = tf.backend() as unknown as TrainerBackend;
    const table = randomTensor<tf.Rank.R2>("table", [260, 20]);
    const logits = randomTensor<tf.Rank.R2>("logits", [3, 260]);
    const columns = tf.transpose(table) as tf.Tensor2D;
    const [ids, weights] = [Int32Array.of(1, 2, 3), Float32Array.of(1, 1, 1)];
    const noise = tf.zeros([3, 260]) as tf.Tensor2D;
    const before = backend.counters().dispatches;
    let kept = 0;
    const slope = tf.grad((z) => {
      const bytes = tf.memory().numBytes;
      const codes = { rows: table, columns };
      const y = straightThroughEmbedding(z as tf.Tensor2D, codes, ids, weights, 1, noise);
      kept = tf.memory().numBytes - bytes;
      return y;
    })(logits, tf.ones([3, 20]));
    expect(kept).toBe((3 * 260 + 3 * 20) * 4);
    // The rows of the table, their softmax; products, Jacobian.
    expect(backend.counters().dispatches - before).toBeLessThanOrEqual(5);
    tf.dispose([table, logits, columns, noise, slope]);
  });
});
