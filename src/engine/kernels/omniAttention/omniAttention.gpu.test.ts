import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import { withTwins } from "../defineOp.ts";
import { expectTwinAgrees, randomTensor } from "../oracle.ts";
import { attentionMask } from "./attentionMask.ts";
import { omniAttention } from "./omniAttention.ts";

const hasDawn = (await openDawn()) !== null;

interface Case {
  readonly name: string;
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  readonly heads: number;
  readonly headSize: number;
  readonly mask: "none" | "causal" | "pads" | "image";
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
  { name: "decoding three rows", batch: 1, queries: 3, keys: 40, heads: 2, headSize: 64, mask: "none" },
  { name: "wide heads", batch: 1, queries: 6, keys: 9, heads: 1, headSize: 128, mask: "causal" },
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
  const mask = given && attentionMask(given.ranges, batch, given.rows, keys);
  const run = (...[a, b, c]: tf.Tensor4D[]) =>
    omniAttention(a as tf.Tensor4D, b as tf.Tensor4D, c as tf.Tensor4D, mask);
  const loss = (...inputs: tf.Tensor[]) =>
    tf.sum(tf.mul(run(...(inputs as tf.Tensor4D[])), weights)) as tf.Scalar;
  return [run(q, k, v), ...tf.grads(loss)([q, k, v])];
}

describe.skipIf(!hasDawn)("attention on WebGPU", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  });
  afterAll(closeBackend);

  it.each(CASES)("agrees with its twin forward and backward: $name", async (sizes) => {
    await expectTwinAgrees(() => compute(sizes), sizes.tolerance);
  });

  it("gives the twin its masks as ranges too, and runs it for heads that shaders cannot read", async () => {
    const sizes: Case = { ...(CASES[1] as Case), headSize: 6 };
    const ranged = tf.tidy(() => compute(sizes));
    const added = withTwins(() => tf.tidy(() => compute(sizes)));
    for (const [at, tensor] of ranged.entries()) {
      expect([...(await tensor.data())]).toEqual([...(await (added[at] as tf.Tensor).data())]);
    }
    tf.dispose([ranged, added]);
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
