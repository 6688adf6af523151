import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { withTwins } from "../defineOp.ts";
import { expectClose, expectTwinAgrees, randomTensor } from "../oracle.ts";
import { attentionMask, expandRanges } from "./attentionMask.ts";
import { omniAttention } from "./omniAttention.ts";
import { type AttentionVariant, chooseVariant } from "./webgpu.ts";

const hasDawn = (await openDawn()) !== null;

interface Case {
  readonly name: string;
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  readonly heads: number;
  readonly headSize: number;
  readonly mask: "none" | "causal" | "pads" | "image" | "gaps";
  /** Absent: the one that the call would choose. */
  readonly variant?: AttentionVariant;
  /** Of q and k: large ones give scores that overflow an exponential. */
  readonly reach?: number;
  /** A score of thousands is known to 1e-4 only, and so is its exponential. */
  readonly tolerance?: number;
}

const CASES: readonly Case[] = [
  { name: "as few as there can be", batch: 1, queries: 1, keys: 2, heads: 1, headSize: 8, mask: "none" },
  { name: "odd sizes", batch: 2, queries: 17, keys: 17, heads: 5, headSize: 8, mask: "causal" },
  {
    name: "more rows than a workgroup",
    batch: 1,
    queries: 65,
    keys: 129,
    heads: 2,
    headSize: 32,
    mask: "pads",
  },
  { name: "an image behind text", batch: 3, queries: 63, keys: 70, heads: 2, headSize: 32, mask: "image" },
  { name: "a long row", batch: 1, queries: 387, keys: 387, heads: 1, headSize: 8, mask: "image" },
  { name: "decoding", batch: 2, queries: 1, keys: 387, heads: 2, headSize: 64, mask: "pads" },
  { name: "decoding three rows", batch: 1, queries: 3, keys: 65, heads: 2, headSize: 8, mask: "none" },
  { name: "rows that see nothing", batch: 2, queries: 17, keys: 63, heads: 2, headSize: 8, mask: "gaps" },
  {
    name: "rows that see nothing, a group each",
    batch: 2,
    queries: 17,
    keys: 129,
    heads: 2,
    headSize: 8,
    mask: "gaps",
    variant: "groupPerRow",
  },
  {
    name: "one row, a thread each",
    batch: 3,
    queries: 1,
    keys: 17,
    heads: 5,
    headSize: 8,
    mask: "pads",
    variant: "threadPerRow",
  },
  {
    name: "large scores",
    batch: 1,
    queries: 17,
    keys: 17,
    heads: 5,
    headSize: 8,
    mask: "causal",
    reach: 60,
    tolerance: 2e-4,
  },
];

function rangesOf({ batch, queries, keys, mask }: Case): { ranges: Int32Array; rows: number } | null {
  if (mask === "none") return null;
  if (mask === "pads")
    return {
      ranges: Int32Array.from({ length: batch * 2 }, (_, at) => (at % 2 ? keys : at / 2 + 1)),
      rows: 1,
    };
  const ranges = Array.from({ length: batch * queries }, (_, at) => {
    const [sequence, row] = [Math.floor(at / queries), at % queries];
    // Every third row sees nothing; the other ends lie beyond the columns on either side.
    if (mask === "gaps") return row % 3 === 0 ? [row, row] : [row - 5, 4 * row];
    const isImage = mask === "image" && row > queries / 3;
    const own = keys - queries + row;
    return [own < sequence ? 0 : sequence, isImage ? keys : own + 1];
  });
  return { ranges: Int32Array.from(ranges.flat()), rows: queries };
}

/** Output and gradients of Σ output·weights. */
function compute(sizes: Case): tf.Tensor[] {
  const { batch, queries, keys, heads, headSize, reach = 2 } = sizes;
  const q = randomTensor<tf.Rank.R4>("q", [batch, queries, heads, headSize], reach);
  const k = randomTensor<tf.Rank.R4>("k", [batch, keys, heads, headSize], reach);
  const v = randomTensor<tf.Rank.R4>("v", [batch, keys, heads, headSize]);
  const weights = randomTensor("w", q.shape);
  const given = rangesOf(sizes);
  // Ranges whatever the backend: twins must cut them where shaders do.
  const mask = given && tf.tensor3d(given.ranges, [batch, given.rows, 2], "int32");
  const variant = sizes.variant ?? chooseVariant(queries);
  const run = (...[a, b, c]: tf.Tensor4D[]) =>
    omniAttention(a as tf.Tensor4D, b as tf.Tensor4D, c as tf.Tensor4D, mask, variant);
  const loss = (...inputs: tf.Tensor[]) =>
    tf.sum(tf.mul(run(...(inputs as tf.Tensor4D[])), weights)) as tf.Scalar;
  return [run(q, k, v), ...tf.grads(loss)([q, k, v])];
}

function countDispatches(body: () => unknown): number {
  const backend = tf.backend() as unknown as TrainerBackend;
  const before = backend.counters().dispatches;
  tf.tidy(() => void body());
  return backend.counters().dispatches - before;
}

describe.skipIf(!hasDawn)("attention on WebGPU", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  });
  afterAll(closeBackend);

  it.each(CASES)("agrees with its twin forward and backward: $name", async (sizes) => {
    await expectTwinAgrees(() => compute(sizes), sizes.tolerance);
  });

  it("takes a table for a mask as well, by stock ops", async () => {
    const sizes = CASES[1] as Case;
    const [q, k] = [0, 1].map((at) => randomTensor<tf.Rank.R4>(`${at}`, [2, 17, 5, 8])) as [
      tf.Tensor4D,
      tf.Tensor4D,
    ];
    const { ranges } = rangesOf(sizes) as { ranges: Int32Array };
    await expectTwinAgrees(() => {
      const ranged = attentionMask(ranges, 2, 17, 17);
      const table = expandRanges(tf.tensor3d(ranges, [2, 17, 2], "int32"), 17);
      return [ranged, table].flatMap((mask) => {
        const run = (x: tf.Tensor) => omniAttention(x as tf.Tensor4D, k, k, mask);
        return [run(q), tf.grad((x) => tf.sum(tf.square(run(x))))(q)];
      });
    });
  });

  it("runs stock ops for heads that shaders cannot read", () => {
    const sizes = { ...(CASES[1] as Case), headSize: 6 };
    const stock = withTwins(() => countDispatches(() => compute(sizes)));
    expect(countDispatches(() => compute(sizes))).toBe(stock);
    expect(countDispatches(() => compute(CASES[1] as Case))).toBeLessThan(stock);
  });

  it("takes the value of the only key there is", async () => {
    const [q, v] = [randomTensor<tf.Rank.R4>("q", [2, 3, 2, 8]), randomTensor<tf.Rank.R4>("v", [2, 1, 2, 8])];
    for (const variant of ["groupPerRow", "threadPerRow"] as const) {
      await expectClose(omniAttention(q, v, v, null, variant), tf.tile(v, [1, 3, 1, 1]), 1e-7);
    }
  });

  it("is one dispatch forward and three backward", () => {
    const [q, k, v, dy] = ["q", "k", "v", "dy"].map((name) => randomTensor(name, [2, 17, 5, 8])) as [
      ...[tf.Tensor4D, tf.Tensor4D, tf.Tensor4D, tf.Tensor4D],
    ];
    const run = (...[a, b, c]: tf.Tensor[]) =>
      omniAttention(a as tf.Tensor4D, b as tf.Tensor4D, c as tf.Tensor4D, null);
    expect(countDispatches(() => run(q, k, v))).toBe(1);
    expect(countDispatches(() => tf.grads(run)([q, k, v], dy))).toBe(4);
  });

  it("shares a row's keys among a workgroup for four rows at most, or when told to", () => {
    const run = vi.spyOn(tf.backend() as unknown as TrainerBackend, "runProgram");
    const keys = randomTensor<tf.Rank.R4>("k", [1, 17, 2, 8]);
    const attend = (rows: number, variant?: AttentionVariant) =>
      omniAttention(randomTensor<tf.Rank.R4>("q", [1, rows, 2, 8]), keys, keys, null, variant).dispose();
    attend(4);
    attend(5);
    attend(4, "threadPerRow");
    attend(5, "groupPerRow");
    const names = run.mock.calls.map(([program]) => program.name);
    run.mockRestore();
    expect(names).toEqual([
      "omniAttentionGroupPerRow",
      "omniAttention",
      "omniAttention",
      "omniAttentionGroupPerRow",
    ]);
  });

  it("repeats to the bit", async () => {
    const sizes = CASES[3] as Case;
    const [first, second] = [tf.tidy(() => compute(sizes)), tf.tidy(() => compute(sizes))];
    for (const [at, tensor] of first.entries()) {
      expect(await tensor.data()).toEqual(await (second[at] as tf.Tensor).data());
    }
    tf.dispose([first, second]);
  });
});
