import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { withTwins } from "../defineOp.ts";
import { expectTwinAgrees, randomTensor } from "../oracle.ts";
import { omniAttention } from "./omniAttention.ts";
import { type SequenceBlock, SequenceLayout } from "./sequences.ts";
import { type AttentionVariant, chooseVariant } from "./webgpu.ts";

const hasDawn = (await openDawn()) !== null;

interface Case {
  readonly name: string;
  readonly blocks: readonly SequenceBlock[];
  readonly heads: number;
  readonly headSize: number;
  /** Absent: the one that the call would choose. */
  readonly variant?: AttentionVariant;
  /** Of q and k: large ones give scores that overflow an exponential. */
  readonly reach?: number;
  /** A score of a thousand is known to 1e-4 only, and so is its exponential. */
  readonly tolerance?: number;
}

type Sight = "all" | "causal" | "pads" | "image" | "gaps";

/** Ranges of B sequences of Q rows over some columns; pads differ from sequence to sequence. */
function rangesOf(sight: Sight, count: number, queries: number, columns: number): Int32Array | null {
  if (sight === "all") return null;
  if (sight === "pads") {
    return Int32Array.from({ length: count * 2 }, (_, at) => (at % 2 ? columns : at / 2 + 1));
  }
  const ranges = Array.from({ length: count * queries }, (_, at) => {
    const [sequence, row] = [Math.floor(at / queries), at % queries];
    // Every third row sees nothing.
    if (sight === "gaps")
      return row % 3 === 0 ? [row, row] : [Math.max(0, row - 5), Math.min(columns, 4 * row)];
    const isImage = sight === "image" && row > queries / 3;
    const own = columns - queries + row;
    return [own < sequence ? 0 : sequence, isImage ? columns : own + 1];
  });
  return Int32Array.from(ranges.flat());
}

/** Sequences with keys of their own. */
function own(sight: Sight, count: number, queries: number, keys: number): SequenceBlock[] {
  return [{ count, queries, keyStart: 0, keys, ranges: rangesOf(sight, count, queries, keys) }];
}

/** Texts, and behind them images, three to the first and one to every other. */
function shared(texts: number, length: number, rows: number): SequenceBlock[] {
  const of = Int32Array.from({ length: texts + 2 }, (_, image) => Math.max(0, image - 2));
  const prefix = { start: 0, count: texts, length, of };
  const images = { count: of.length, queries: rows, keyStart: texts * length, keys: rows, prefix };
  return [
    ...own("causal", texts, length, length),
    { ...images, ranges: rangesOf("pads", of.length, rows, length + rows) },
  ];
}

const CASES: readonly Case[] = [
  { name: "as few as there can be", blocks: own("all", 1, 1, 2), heads: 1, headSize: 8 },
  { name: "odd sizes", blocks: own("causal", 2, 17, 17), heads: 5, headSize: 8 },
  { name: "more rows than a workgroup", blocks: own("pads", 1, 65, 129), heads: 2, headSize: 32 },
  { name: "an image behind text", blocks: own("image", 3, 63, 70), heads: 2, headSize: 32 },
  { name: "a long row", blocks: own("image", 1, 387, 387), heads: 1, headSize: 8 },
  { name: "decoding", blocks: own("pads", 2, 1, 387), heads: 2, headSize: 64 },
  { name: "decoding three rows", blocks: own("all", 1, 3, 65), heads: 2, headSize: 8 },
  { name: "rows that see nothing", blocks: own("gaps", 2, 17, 63), heads: 2, headSize: 8 },
  { name: "texts and images", blocks: shared(3, 17, 33), heads: 2, headSize: 8 },
  { name: "images behind cached texts", blocks: shared(2, 8, 65).slice(1), heads: 2, headSize: 32 },
  {
    name: "images of few rows, a group each",
    blocks: shared(2, 8, 3).slice(1),
    heads: 3,
    headSize: 8,
    variant: "groupPerRow",
  },
  {
    name: "rows that see nothing, a group each",
    blocks: own("gaps", 2, 17, 129),
    heads: 2,
    headSize: 8,
    variant: "groupPerRow",
  },
  {
    name: "one row, a thread each",
    blocks: own("pads", 3, 1, 17),
    heads: 5,
    headSize: 8,
    variant: "threadPerRow",
  },
  {
    name: "large scores",
    blocks: own("causal", 1, 17, 17),
    heads: 5,
    headSize: 8,
    reach: 20,
    tolerance: 2e-4,
  },
];

const keyRowsOf = (blocks: readonly SequenceBlock[]) =>
  Math.max(...blocks.map(({ keyStart, count, keys }) => keyStart + count * keys));

function inputsOf({ queryRows, keyRows }: SequenceLayout, width: number, reach = 2) {
  const matrix = (name: string, rows: number, level: number) =>
    randomTensor<tf.Rank.R2>(name, [rows, width], level);
  return [matrix("q", queryRows, reach), matrix("k", keyRows, reach), matrix("v", keyRows, 2)] as const;
}

/** Output and gradients of Σ output·weights. */
function compute({ blocks, heads, headSize, reach = 2, ...given }: Case): tf.Tensor[] {
  const layout = new SequenceLayout(blocks, keyRowsOf(blocks));
  const [q, k, v] = inputsOf(layout, heads * headSize, reach);
  const weights = randomTensor("w", q.shape);
  const variant = given.variant ?? chooseVariant(layout.longest);
  const run = (...[a, b, c]: tf.Tensor[]) =>
    omniAttention(a as tf.Tensor2D, b as tf.Tensor2D, c as tf.Tensor2D, heads, layout, variant);
  const loss = (...inputs: tf.Tensor[]) => tf.sum(tf.mul(run(...inputs), weights)) as tf.Scalar;
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

  it.each(CASES)("agrees with its twin forward and backward: $name", async (test) => {
    await expectTwinAgrees(() => compute(test), test.tolerance);
  });

  it("runs stock ops for heads that shaders cannot read, and makes masks of ranges for them", async () => {
    const test = { ...(CASES[1] as Case), headSize: 6 };
    expect(countDispatches(() => compute(test))).toBeGreaterThan(
      countDispatches(() => compute(CASES[1] as Case)),
    );
    await expectTwinAgrees(() => compute(test));
    // A layout made for shaders, read by the twin.
    const layout = new SequenceLayout(test.blocks, 34);
    const inputs = inputsOf(layout, 40);
    const names = withTwins(() => {
      const [before, backend] = [new Map<string, number>(), tf.backend() as unknown as TrainerBackend];
      for (const [name, count] of backend.dispatchesByProgram()) before.set(name, count);
      omniAttention(...inputs, 5, layout);
      return [...backend.dispatchesByProgram()].filter(([name, count]) => count > (before.get(name) ?? 0));
    });
    expect(names.map(([name]) => name)).not.toContain("omniAttention");
  });

  it("takes the value of the only key there is", async () => {
    const layout = new SequenceLayout([{ count: 2, queries: 3, keyStart: 0, keys: 1, ranges: null }], 2);
    const [q, k, v] = inputsOf(layout, 16);
    const expected = await tf.gather(v, tf.tensor1d([0, 0, 0, 1, 1, 1], "int32")).data();
    for (const variant of ["groupPerRow", "threadPerRow"] as const) {
      expect(await omniAttention(q, k, v, 2, layout, variant).data()).toEqual(expected);
    }
  });

  it("is one dispatch forward and three backward", () => {
    const blocks = shared(2, 8, 5);
    const layout = new SequenceLayout(blocks, keyRowsOf(blocks));
    const [q, k, v] = inputsOf(layout, 40);
    const run = (...[a, b, c]: tf.Tensor[]) =>
      omniAttention(a as tf.Tensor2D, b as tf.Tensor2D, c as tf.Tensor2D, 5, layout);
    const dy = randomTensor("dy", q.shape);
    expect(countDispatches(() => run(q, k, v))).toBe(1);
    expect(countDispatches(() => tf.grads(run)([q, k, v], dy))).toBe(4);
  });

  it("shares a row's keys among a workgroup for four rows at most, or when told to", () => {
    const run = vi.spyOn(tf.backend() as unknown as TrainerBackend, "runProgram");
    const attend = (rows: number, variant?: AttentionVariant) => {
      const layout = new SequenceLayout(own("all", 3, rows, 17), 51);
      omniAttention(...inputsOf(layout, 16), 2, layout, variant).dispose();
    };
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
    const test = CASES.find(({ name }) => name === "texts and images") as Case;
    const [first, second] = [tf.tidy(() => compute(test)), tf.tidy(() => compute(test))];
    for (const [at, tensor] of first.entries()) {
      expect(await tensor.data()).toEqual(await (second[at] as tf.Tensor).data());
    }
    tf.dispose([first, second]);
  });
});
