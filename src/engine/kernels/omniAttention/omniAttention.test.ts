import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { registerGradients } from "../../device/gradients.ts";
import { expectClose, expectGradients, randomTensor } from "../oracle.ts";
import { omniAttention } from "./omniAttention.ts";
import { columnsOf, rangeOf, type SequenceBlock, SequenceLayout } from "./sequences.ts";

beforeAll(async () => {
  await registerGradients();
  await tf.setBackend("cpu");
});

const [HEADS, SIZE] = [2, 4];
const WIDTH = HEADS * SIZE;
const matrix = (name: string, rows: number) => randomTensor<tf.Rank.R2>(name, [rows, WIDTH]);
const inputsOf = ({ queryRows, keyRows }: SequenceLayout) =>
  [matrix("q", queryRows), matrix("k", keyRows), matrix("v", keyRows)] as const;

/** Two sequences of three rows over five keys each; the last row sees nothing. */
const PLAIN: SequenceBlock = {
  count: 2,
  queries: 3,
  keyStart: 0,
  keys: 5,
  ranges: Int32Array.of(0, 3, 1, 4, 0, 5, 2, 3, 0, 5, 4, 4),
};
/** Two texts of three rows, the second with a pad. */
const TEXTS: SequenceBlock = {
  count: 2,
  queries: 3,
  keyStart: 0,
  keys: 3,
  ranges: Int32Array.of(0, 1, 0, 2, 0, 3, 0, 1, 1, 2, 1, 3),
};
/** Three images of two rows behind the texts: the first text has two. */
const IMAGES: SequenceBlock = {
  count: 3,
  queries: 2,
  keyStart: 6,
  keys: 2,
  prefix: { start: 0, count: 2, length: 3, of: Int32Array.of(0, 1, 0) },
  ranges: Int32Array.of(0, 5, 1, 5, 0, 5),
};
/** Where the key rows of a block's columns lie. */
function keyRowsOf(block: SequenceBlock, sequence: number): number[] {
  const { keyStart, keys, prefix } = block;
  const shared = prefix?.length ?? 0;
  return Array.from({ length: columnsOf(block) }, (_, column) =>
    prefix && column < shared
      ? prefix.start + (prefix.of[sequence] ?? 0) * shared + column
      : keyStart + sequence * keys + column - shared,
  );
}

/** The definition, in doubles. */
function attendByLoops(
  blocks: readonly SequenceBlock[],
  [q, k, v]: readonly (readonly number[][])[],
): number[][] {
  const output: number[][] = [];
  for (const block of blocks) {
    for (let row = 0; row < block.count * block.queries; row++) {
      const sequence = Math.floor(row / block.queries);
      const [first, end] = rangeOf(block, sequence, row % block.queries);
      const rows = keyRowsOf(block, sequence).slice(first, end);
      const query = q?.[output.length] ?? [];
      output.push(
        query.map((_, at) => {
          const head = Math.floor(at / SIZE) * SIZE;
          const weights = rows.map((key) => {
            const product = (d: number) => (query[head + d] ?? 0) * (k?.[key]?.[head + d] ?? 0);
            return Math.exp([0, 1, 2, 3].reduce((sum, d) => sum + product(d), 0) / Math.sqrt(SIZE));
          });
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          const mixed = rows.reduce(
            (sum, key, place) => sum + (weights[place] ?? 0) * (v?.[key]?.[at] ?? 0),
            0,
          );
          return rows.length === 0 ? 0 : mixed / total;
        }),
      );
    }
  }
  return output;
}

const LAYOUTS: readonly (readonly [string, readonly SequenceBlock[], number])[] = [
  ["sequences of their own", [PLAIN], 10],
  ["texts and the images behind them", [TEXTS, IMAGES], 12],
  ["images behind texts that came before", [IMAGES], 12],
  ["rows that see all", [{ ...PLAIN, ranges: null }], 10],
  ["one range a sequence", [{ ...PLAIN, ranges: Int32Array.of(1, 5, 0, 3) }], 10],
  ["keys that no sequence has", [{ ...PLAIN, keyStart: 2 }], 14],
];

describe("attention", () => {
  it.each(LAYOUTS)("is the weighted mean of the values that a row may see: %s", async (_, blocks, keys) => {
    const layout = new SequenceLayout(blocks, keys);
    const inputs = inputsOf(layout);
    const arrays = await Promise.all(inputs.map((tensor) => tensor.array()));
    const expected = tf.tensor2d(attendByLoops(blocks, arrays));
    await expectClose(omniAttention(...inputs, HEADS, layout), expected, 1e-6);
  });

  it.each(LAYOUTS)("has the gradients of q, k and v: %s", async (_, blocks, keys) => {
    const layout = new SequenceLayout(blocks, keys);
    await expectGradients([...inputsOf(layout)], (q, k, v) =>
      omniAttention(q as tf.Tensor2D, k as tf.Tensor2D, v as tf.Tensor2D, HEADS, layout),
    );
  });

  it("gives rows that see nothing no output and no gradient, nor keys that nobody sees", async () => {
    // Of the second sequence, only the first row sees, and only the third column.
    const ranges = Int32Array.of(0, 5, 0, 5, 0, 5, 2, 3, 0, 0, 5, 5);
    const layout = new SequenceLayout([{ ...PLAIN, ranges }], 10);
    const [q, k, v] = inputsOf(layout);
    const run = (...[a, b, c]: tf.Tensor[]) =>
      omniAttention(a as tf.Tensor2D, b as tf.Tensor2D, c as tf.Tensor2D, HEADS, layout);
    // Wanting more of every output, those of blind rows too.
    const [dq, dk, dv] = tf.grads(run)([q, k, v], matrix("dy", 6));
    const levels = async (x: tf.Tensor | undefined) =>
      (await tf.max(tf.abs(x as tf.Tensor), 1).array()) as number[];
    expect((await levels(run(q, k, v))).slice(4)).toEqual([0, 0]);
    expect((await levels(dq)).slice(4)).toEqual([0, 0]);
    for (const gradient of [await levels(dk), await levels(dv)]) {
      for (const row of [5, 6, 8, 9]) expect(gradient[row]).toBe(0);
    }
    expect((await levels(dv))[7]).toBeGreaterThan(0);
  });

  it("needs the layout's tensors no longer than the call", async () => {
    const [q, k, v] = inputsOf(new SequenceLayout([PLAIN], 10));
    const gradient = (isEarly: boolean) =>
      tf.grad((x: tf.Tensor) => {
        const layout = new SequenceLayout([PLAIN], 10);
        const output = omniAttention(x as tf.Tensor2D, k, v, HEADS, layout);
        if (isEarly) tf.dispose([...layout.tensors]);
        return tf.sum(tf.square(output));
      })(q);
    expect(await gradient(true).data()).toEqual(await gradient(false).data());
  });

  it("refuses shapes that do not fit each other", () => {
    const layout = new SequenceLayout([PLAIN], 10);
    const [q, k, v] = inputsOf(layout);
    const refused = expect.objectContaining({ code: "badInput" });
    expect(() => omniAttention(k, k, v, HEADS, layout)).toThrow(refused);
    expect(() => omniAttention(q, q, v, HEADS, layout)).toThrow(refused);
    expect(() => omniAttention(q, k, tf.zeros([10, WIDTH + 4]), HEADS, layout)).toThrow(refused);
    expect(() => omniAttention(q, k, v, 3, layout)).toThrow("with 3 heads does not fit");
  });
});

describe("a layout", () => {
  const make =
    (changes: Partial<SequenceBlock>, keys = 10) =>
    () =>
      new SequenceLayout([{ ...PLAIN, ...changes }], keys);

  it("refuses ranges that run backwards, or columns and keys that are not there", () => {
    const rows = (...range: number[]) => ({ ranges: Int32Array.of(0, 1, ...range) });
    expect(make(rows(3, 2))).toThrow("Row 1 sees columns 3 to 2 of 5");
    expect(make(rows(-1, 2))).toThrow("Row 1 sees columns -1 to 2 of 5");
    expect(make(rows(0, 6))).toThrow("Row 1 sees columns 0 to 6 of 5");
    expect(make({ ranges: Int32Array.of(0, 1) })).toThrow("or their ranges");
    expect(make({}, 9)).toThrow("do not fit 9 keys");
    expect(() => new SequenceLayout([{ ...IMAGES, keyStart: 7 }], 12)).toThrow("do not fit");
    const prefix = { start: 0, count: 2, length: 3, of: Int32Array.of(0, 2, 0) };
    expect(() => new SequenceLayout([{ ...IMAGES, prefix }], 12)).toThrow("do not fit");
  });

  it("has one block or two", () => {
    expect(() => new SequenceLayout([], 12)).toThrow("not 0");
    expect(() => new SequenceLayout([TEXTS, IMAGES, TEXTS], 12)).toThrow("not 3");
  });

  it("counts its rows and finds its longest sequence", () => {
    const layout = new SequenceLayout([TEXTS, IMAGES], 12);
    expect([layout.queryRows, layout.keyRows, layout.longest]).toEqual([12, 12, 3]);
  });
});
