/**
 * Every matrix product tfjs makes for us on WebGPU, forward and both gradients, against f64 loops. All inputs are
 * small whole numbers, so f32 must be exact and one wrong digit is a failure.
 */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../cli/node/dawn.ts";
import { startNodeBackend } from "../../cli/node/nodeBackend.ts";
import { createRng, type Rng } from "../rng.ts";
import { closeBackend } from "./backend.ts";

interface Shape {
  readonly batch: number;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  readonly transposeB: boolean;
}

const hasDawn = (await openDawn()) !== null;

const TIMEOUT_MS = 240_000;
const HIDDEN = 2048;
const LORA_ROWS = [4, 8, 32, 64, 256];
const LORA_RANKS = [8, 16, 64];
/**
 * Every combination of "fits the tiles", "loads by fours" and orientation is a shader of its own, which SwiftShader
 * compiles for a second or two. So most shapes keep to one kind of size, and a few mix them.
 */
const SIZE_KINDS = {
  odd: [1, 3, 5, 7, 17, 31, 33, 47, 63],
  fours: [4, 8, 12, 20, 28, 36, 44, 52],
  tiles: [32, 64, 96],
} as const;
const SHAPES_PER_KIND = 155;
const MIXED_SHAPES = 12;

function plain(rows: number, inner: number, columns: number): Shape {
  return { batch: 1, rows, inner, columns, transposeB: false };
}

/** [M, 2048] × [r, 2048]ᵀ: a LoRA's first product, as PEFT stores A. */
function loraDown(): Shape[] {
  return LORA_ROWS.flatMap((rows) =>
    LORA_RANKS.map((rank) => ({ ...plain(rows, HIDDEN, rank), transposeB: true })),
  );
}

/** [M, r] × [2048, r]ᵀ: its second product. */
function loraUp(): Shape[] {
  return [4, 32].flatMap((rows) =>
    LORA_RANKS.map((rank) => ({ ...plain(rows, rank, HIDDEN), transposeB: true })),
  );
}

/** Long inner sums that vector loads do and do not divide, into few and many rows. */
function longSums(): Shape[] {
  return [2000, 2047].flatMap((inner) =>
    [7, 32].flatMap((rows) =>
      [4, 6].flatMap((columns) =>
        [false, true].map((transposeB) => ({ ...plain(rows, inner, columns), transposeB })),
      ),
    ),
  );
}

/** Our layers multiply by a matrix or its transpose; the third orientation comes with the gradients. */
function drawShapes(rng: Rng, sizes: readonly number[], count: number): Shape[] {
  return Array.from({ length: count }, () => ({
    batch: rng.pick([1, 1, 1, 2, 3]),
    rows: rng.pick(sizes),
    inner: rng.pick(sizes),
    columns: rng.pick(sizes),
    transposeB: rng.int(2) === 1,
  }));
}

/** Swaps the two last axes of [batch, rows, columns]. */
function transposed(values: Float64Array, batch: number, rows: number, columns: number): Float64Array {
  const out = new Float64Array(values.length);
  for (let b = 0; b < batch; b++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        out[(b * columns + column) * rows + row] = values[(b * rows + row) * columns + column] ?? 0;
      }
    }
  }
  return out;
}

/** [batch, m, k] × [batch, n, k]ᵀ */
function multiply(a: Float64Array, bT: Float64Array, batch: number, m: number, k: number, n: number) {
  const out = new Float64Array(batch * m * n);
  for (let at = 0; at < out.length; at++) {
    const row = Math.floor(at / n);
    const left = row * k;
    const right = (Math.floor(row / m) * n + (at % n)) * k;
    let sum = 0;
    for (let i = 0; i < k; i++) sum += (a[left + i] ?? 0) * (bT[right + i] ?? 0);
    out[at] = sum;
  }
  return out;
}

function integers(length: number, rng: Rng): Float64Array {
  return Float64Array.from({ length }, () => rng.int(7) - 3);
}

/** Product and gradients in canonical orientation: y = a·b, da = dy·bᵀ, db = aᵀ·dy. */
function computeExpected(a: Float64Array, b: Float64Array, dy: Float64Array, shape: Shape) {
  const { batch, rows, inner, columns } = shape;
  const y = multiply(a, transposed(b, batch, inner, columns), batch, rows, inner, columns);
  const da = multiply(dy, b, batch, rows, columns, inner);
  const aT = transposed(a, batch, rows, inner);
  const db = multiply(aT, transposed(dy, batch, rows, columns), batch, inner, rows, columns);
  return { y, da, db };
}

async function runOnDevice(a: Float64Array, b: Float64Array, dy: Float64Array, shape: Shape) {
  const { batch, rows, inner, columns, transposeB } = shape;
  const upload = (values: Float64Array, height: number, width: number, isTransposed: boolean) => {
    const stored = isTransposed ? transposed(values, batch, height, width) : values;
    const sizes = isTransposed ? [width, height] : [height, width];
    return tf.tensor(Float32Array.from(stored), batch === 1 ? sizes : [batch, ...sizes]);
  };
  const inputs = [upload(a, rows, inner, false), upload(b, inner, columns, transposeB)];
  const dyTensor = upload(dy, rows, columns, false);
  const product = (x: tf.Tensor, w: tf.Tensor) => tf.matMul(x, w, false, transposeB);
  const y = product(inputs[0] as tf.Tensor, inputs[1] as tf.Tensor);
  const [da, db] = tf.grads((x, w) => product(x as tf.Tensor, w as tf.Tensor))(inputs, dyTensor);
  const results = [y, da, db] as tf.Tensor[];
  const [yValues, daValues, dbValues] = await Promise.all(
    results.map(async (result) => Float64Array.from(await result.data())),
  );
  tf.dispose([...inputs, dyTensor, ...results]);
  return {
    y: yValues ?? new Float64Array(),
    da: daValues ?? new Float64Array(),
    db: transposeB
      ? transposed(dbValues ?? new Float64Array(), batch, columns, inner)
      : (dbValues ?? new Float64Array()),
  };
}

/** Which of product and gradients differ anywhere. */
async function findWrong(shape: Shape, rng: Rng): Promise<string[]> {
  const { batch, rows, inner, columns } = shape;
  const a = integers(batch * rows * inner, rng);
  const b = integers(batch * inner * columns, rng);
  const dy = integers(batch * rows * columns, rng);
  const expected = computeExpected(a, b, dy, shape);
  const actual = await runOnDevice(a, b, dy, shape);
  return (["y", "da", "db"] as const)
    .filter((part) => !expected[part].every((value, at) => value === actual[part][at]))
    .map((part) => `${part} of ${JSON.stringify(shape)}`);
}

async function sweep(shapes: readonly Shape[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const [at, shape] of shapes.entries()) wrong.push(...(await findWrong(shape, createRng("sweep", at))));
  return wrong;
}

describe.skipIf(!hasDawn)("matrix products on WebGPU", { timeout: TIMEOUT_MS }, () => {
  const suites = {
    "LoRA down, [M,2048]·[r,2048]ᵀ": loraDown(),
    "LoRA up, [M,r]·[2048,r]ᵀ": loraUp(),
    "long sums": longSums(),
    "odd sizes": drawShapes(createRng("sweep", "odd"), SIZE_KINDS.odd, SHAPES_PER_KIND),
    "sizes of whole fours": drawShapes(createRng("sweep", "fours"), SIZE_KINDS.fours, SHAPES_PER_KIND),
    "sizes of whole tiles": drawShapes(createRng("sweep", "tiles"), SIZE_KINDS.tiles, SHAPES_PER_KIND),
    "mixed sizes": drawShapes(createRng("sweep", "mixed"), Object.values(SIZE_KINDS).flat(), MIXED_SHAPES),
  };

  beforeAll(async () => {
    await startNodeBackend("webgpu");
  }, TIMEOUT_MS);
  afterAll(closeBackend);

  it("covers at least 500 shapes", () => {
    expect(Object.values(suites).flat().length).toBeGreaterThanOrEqual(500);
  });

  it.each(Object.entries(suites))("%s: forward and both gradients are exact", async (_, shapes) => {
    expect(await sweep(shapes)).toEqual([]);
  });
});
