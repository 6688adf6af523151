import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNodeBackend } from "../../cli/node/nodeBackend.ts";
import { closeBackend } from "../device/backend.ts";
import { createRng } from "../rng.ts";
import { registerKernels } from "./registerKernels.ts";

const rng = createRng("kernels.test");

interface Matrix {
  readonly shape: number[];
  readonly values: Float32Array;
}

function random(shape: number[]): Matrix {
  return { shape, values: rng.normal(shape.reduce((product, size) => product * size, 1)) };
}

const toTensor = ({ values, shape }: Matrix) => tf.tensor(values, shape);

/** A busy machine takes its time to load tfjs. */
const BACKEND_TIMEOUT_MS = 60_000;

beforeAll(async () => {
  await startNodeBackend("wasm");
  registerKernels();
  registerKernels();
}, BACKEND_TIMEOUT_MS);
afterAll(closeBackend);

/** Products in plain numbers of matrix pairs given by index. */
function multiply(
  a: Matrix,
  b: Matrix,
  pairs: readonly (readonly [number, number])[],
  transposeA: boolean,
  transposeB: boolean,
): number[] {
  const [a1 = 0, a2 = 0] = a.shape.slice(-2);
  const [b1 = 0, b2 = 0] = b.shape.slice(-2);
  const [rows, inner] = transposeA ? [a2, a1] : [a1, a2];
  const columns = transposeB ? b1 : b2;
  return pairs.flatMap(([ofA, ofB]) =>
    Array.from({ length: rows * columns }, (_, at) => {
      const [row, column] = [Math.floor(at / columns), at % columns];
      let sum = 0;
      for (let k = 0; k < inner; k++) {
        const x = a.values[ofA * rows * inner + (transposeA ? k * rows + row : row * inner + k)] ?? 0;
        const y =
          b.values[ofB * inner * columns + (transposeB ? column * inner + k : k * columns + column)] ?? 0;
        sum += x * y;
      }
      return sum;
    }),
  );
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [at, value] of expected.entries()) expect(actual[at]).toBeCloseTo(value, 4);
}

describe("SIMD BatchMatMul", () => {
  it("equals plain sums for many shapes, all transpositions", async () => {
    for (let trial = 0; trial < 64; trial++) {
      const [rows, inner, columns] = [1 + rng.int(21), 1 + rng.int(33), 1 + rng.int(35)];
      const [transposeA, transposeB] = [trial % 2 === 1, trial % 4 > 1];
      const a = random([3, ...(transposeA ? [inner, rows] : [rows, inner])]);
      const b = random([3, ...(transposeB ? [columns, inner] : [inner, columns])]);
      const product = tf.matMul(toTensor(a), toTensor(b), transposeA, transposeB);
      const pairs = [0, 1, 2].map((at) => [at, at] as const);
      expectClose(await product.data(), multiply(a, b, pairs, transposeA, transposeB));
    }
  });

  it("broadcasts batches", async () => {
    const [a, b] = [random([2, 1, 3, 4]), random([5, 4, 6])];
    const product = tf.matMul(toTensor(a), toTensor(b));
    expect(product.shape).toEqual([2, 5, 3, 6]);
    const pairs = Array.from({ length: 10 }, (_, at) => [Math.floor(at / 5), at % 5] as const);
    expectClose(await product.data(), multiply(a, b, pairs, false, false));
  });

  it("passes NaN on and leaks no tensor", async () => {
    const before = tf.memory().numTensors;
    const a = random([2, 2, 2]);
    a.values[0] = Number.NaN;
    const values = await tf.tidy(() => tf.matMul(toTensor(a), toTensor(random([2, 2, 2])), true)).data();
    expect(Number.isNaN(values[0])).toBe(true);
    expect(tf.memory().numTensors).toBe(before + 1);
  });
});

describe("row gather", () => {
  it("takes rows of floats and integers, and single numbers", async () => {
    const indices = tf.tensor1d([2, 0, 2], "int32");
    const floats = tf.gather(tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]), indices);
    expect(await floats.array()).toEqual([
      [5, 6],
      [1, 2],
      [5, 6],
    ]);
    expect(await tf.gather(tf.tensor1d([7, 8, 9], "int32"), indices).array()).toEqual([9, 7, 9]);
  });

  it("leaves other axes to the stock kernel", async () => {
    const taken = tf.gather(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor1d([1], "int32"), 1);
    expect(await taken.array()).toEqual([[2], [4]]);
  });

  it("refuses rows that do not exist", () => {
    expect(() => tf.gather(tf.tensor1d([1, 2]), tf.tensor1d([2], "int32"))).toThrow("row 2 of 2");
  });
});

describe("slices in blocks", () => {
  const shape = [3, 4, 5];
  const slices: readonly (readonly [number[], number[]])[] = [
    [
      [0, 0, 0],
      [3, 4, 5],
    ],
    [
      [1, 0, 0],
      [2, 4, 5],
    ],
    [
      [0, 1, 0],
      [3, 2, 5],
    ],
    [
      [0, 0, 3],
      [3, 4, 2],
    ],
    [
      [0, 2, 0],
      [3, 0, 5],
    ],
    // Along two axes: tfjs's own.
    [
      [1, 2, 0],
      [1, 1, 5],
    ],
  ];

  it.each(slices)("from %j of size %j are the elements there", async (begin, size) => {
    for (const dtype of ["float32", "int32"] as const) {
      const x = tf.reshape(tf.range(0, 60, 1, dtype), shape);
      const taken = tf.slice(x, begin, size);
      const [b0 = 0, b1 = 0, b2 = 0] = begin;
      const [s0 = 0, s1 = 0, s2 = 0] = size;
      const expected = Array.from({ length: s0 * s1 * s2 }, (_, at) => {
        const [i, j, k] = [Math.floor(at / (s1 * s2)), Math.floor(at / s2) % s1, at % s2];
        return (b0 + i) * 20 + (b1 + j) * 5 + b2 + k;
      });
      expect(taken.shape).toEqual(size);
      expect(taken.dtype).toBe(dtype);
      expect(Array.from(await taken.data())).toEqual(expected);
    }
  });

  it("takes short forms of begin and size", async () => {
    expect(Array.from(await tf.slice(tf.tensor1d([4, 5, 6]), 1).data())).toEqual([5, 6]);
    expect(Array.from(await tf.slice(tf.tensor1d([4, 5, 6]), [2], [1]).data())).toEqual([6]);
  });
});
