import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { registerGradients } from "../../device/gradients.ts";
import { QUANT_FORMATS, type QuantFormat } from "../../quant/quantFormat.ts";
import { dequantiseMatrix, quantiseMatrix } from "../../quant/quantiseMatrix.ts";
import { createRng } from "../../rng.ts";
import { expectGradients, randomTensor, relativeError } from "../oracle.ts";
import { computeCase, type LinearCase, makeTerms, makeWeight, SCALE } from "./linearCase.ts";
import { PackedWeight } from "./packedWeight.ts";
import { quantLinear } from "./quantMatMul.ts";

beforeAll(async () => {
  await registerGradients();
  await tf.setBackend("cpu");
});

type Matrix = readonly number[][];

/** Plain f64 sums. */
function multiply(a: Matrix, b: Matrix): number[][] {
  return a.map((row) =>
    (b[0] ?? []).map((_, column) => row.reduce((sum, value, k) => sum + value * (b[k]?.[column] ?? 0), 0)),
  );
}

const transpose = (a: Matrix): number[][] =>
  (a[0] ?? []).map((_, column) => a.map((row) => row[column] ?? 0));
const sum = (a: Matrix, b: Matrix, factor = 1): number[][] =>
  a.map((row, i) => row.map((value, j) => value + factor * (b[i]?.[j] ?? 0)));

/** W [out, in] as the format's own test has checked it. */
function unpack({ matrix }: PackedWeight): Matrix {
  const values = dequantiseMatrix(matrix);
  return Array.from({ length: matrix.outSize }, (_, row) => [
    ...values.subarray(row * matrix.inSize, (row + 1) * matrix.inSize),
  ]);
}

/** y and dx, dResidual, each dA and dB of Σ dy·y in f64. */
async function expected(test: LinearCase, weight: PackedWeight): Promise<number[][][]> {
  const { rows, inSize, outSize } = test;
  const read = async (tensor: tf.Tensor) => (await tensor.array()) as Matrix;
  const x = await read(randomTensor("x", [rows, inSize]));
  const bias = (await randomTensor<tf.Rank.R1>("bias", [outSize]).array()) as number[];
  const dy = await read(randomTensor("direction", [rows, outSize]));
  const w = unpack(weight);
  let y = multiply(x, transpose(w)).map((row) => row.map((value, column) => value + (bias[column] ?? 0)));
  let dx = multiply(dy, w);
  if (test.hasResidual) y = sum(y, await read(randomTensor("residual", [rows, outSize])));
  const learnt: number[][][] = [];
  for (const { a: tensorA, b: tensorB, start = 0 } of makeTerms(test)) {
    const [a, own] = [await read(tensorA), await read(tensorB)];
    // B over all columns: zeros where they are not its own.
    const b = Array.from({ length: outSize }, (_, column) => own[column - start] ?? a.map(() => 0));
    const low = multiply(x, transpose(a));
    const dLow = multiply(dy, b).map((row) => row.map((value) => value * SCALE));
    const zeros = b.map((row) => row.map(() => 0));
    y = sum(y, multiply(low, transpose(b)), SCALE);
    dx = sum(dx, multiply(dLow, a));
    const dB = sum(zeros, multiply(transpose(dy), low), SCALE).slice(start, start + own.length);
    learnt.push(multiply(transpose(dLow), x), dB);
  }
  return [y, dx, ...(test.hasResidual ? [dy.map((row) => [...row])] : []), ...learnt];
}

/** Twin and f64 agree to the rounding of f32. */
async function expectPlainSums(test: LinearCase): Promise<void> {
  const weight = makeWeight(test) as PackedWeight;
  const outputs = computeCase(test, weight);
  const wanted = await expected(test, weight);
  expect(outputs).toHaveLength(wanted.length);
  for (const [at, tensor] of outputs.entries()) {
    const numbers = wanted[at] ?? [];
    expect(tensor.shape).toEqual([numbers.length, numbers[0]?.length]);
    expect(relativeError(await tensor.data(), numbers.flat())).toBeLessThan(3e-6);
  }
  weight.dispose();
}

const span = (start: number, count: number) => ({ start, count });

const FORMATS = Object.keys(QUANT_FORMATS) as QuantFormat[];

describe("the linear layer's twin", () => {
  it("computes a small layer as by hand", async () => {
    // x·W = (1·1 + 2·3, 1·2 + 2·4) = (7, 10); low = 1·1 + 2·(−1) = −1; 0.5·low·B = (−1, 1.5)
    const y = quantLinear(
      tf.tensor2d([[1, 2]]),
      tf.tensor2d([
        [1, 2],
        [3, 4],
      ]),
      tf.tensor1d([0.25, -1]),
      [{ a: tf.tensor2d([[1, -1]]), b: tf.tensor2d([[2], [-3]]), scale: 0.5 }],
      { residual: tf.tensor2d([[100, 200]]) },
    );
    expect(await y.array()).toEqual([[106.25, 210.5]]);
  });

  it.each(FORMATS)("%s: output and gradients equal plain sums over the unpacked values", (format) =>
    expectPlainSums({ rows: 3, inSize: 70, outSize: 5, rank: 2, format }),
  );

  it.each([
    ["side by side", [span(0, 2), span(2, 4), span(6, 1)]],
    ["on some columns only", [span(1, 2), span(5, 1)]],
    ["on one stretch", [span(2, 3)]],
  ])("adapters %s change their own columns and give gradients of their own", (_, spans) =>
    expectPlainSums({ rows: 3, inSize: 70, outSize: 7, rank: 2, format: "int8", spans, hasResidual: true }),
  );

  it("an f32 weight has the gradients of x, A and B", () => {
    const weight = randomTensor<tf.Rank.R2>("w", [5, 4]);
    return expectGradients(
      [randomTensor("x", [3, 5]), randomTensor("a", [2, 5]), randomTensor("b", [4, 2])],
      (x, a, b) =>
        quantLinear(x as tf.Tensor2D, weight, null, [{ a: a as tf.Tensor2D, b: b as tf.Tensor2D, scale: 2 }]),
    );
  });

  it("takes the transpose that a layer keeps", () => {
    const weight = randomTensor<tf.Rank.R2>("w", [5, 4]);
    const kept = tf.keep(tf.transpose(weight)) as tf.Tensor2D;
    let calls = 0;
    const transposed = () => {
      calls += 1;
      return kept;
    };
    tf.grad((x) => quantLinear(x as tf.Tensor2D, weight, null, [], { transposed }))(
      randomTensor("x", [3, 5]),
    );
    expect(calls).toBe(1);
    expect(kept.isDisposed).toBe(false);
  });

  it("computes only the gradients that are asked for, and leaves no tensor behind", () => {
    const base: LinearCase = { rows: 3, inSize: 33, outSize: 5, rank: 2, format: "int4" };
    const weight = makeWeight(base);
    // The f32 forms, made on first use and kept: not to be taken for a leak. No words: shaders alone read them.
    tf.tidy(() => computeCase(base, weight)).map((tensor) => tensor.dispose());
    const before = tf.memory().numTensors;
    for (const [changes, count] of [
      [{}, 4],
      [{ isConstant: true }, 3],
      [{ isAdapterFrozen: true }, 2],
      [{ rank: 0 }, 2],
      [{ hasResidual: true, isAdapterFrozen: true }, 3],
      [{ hasResidual: true, isAdapterFrozen: true, isConstant: true }, 2],
      [{ hasResidual: true, rank: 0, isConstant: true }, 2],
    ] as const) {
      const outputs = tf.tidy(() => computeCase({ ...base, ...changes }, weight));
      expect(outputs).toHaveLength(count);
      tf.dispose(outputs);
      expect(tf.memory().numTensors).toBe(before);
    }
    weight.dispose();
    expect(tf.memory().numTensors).toBe(before - 2);
  });

  it("refuses shapes that do not belong together", () => {
    const [x, weight] = [tf.zeros<tf.Rank.R2>([2, 5]), tf.zeros<tf.Rank.R2>([5, 4])];
    const refused = expect.objectContaining({ code: "badInput" });
    const term = { a: tf.zeros<tf.Rank.R2>([2, 5]), b: tf.zeros<tf.Rank.R2>([4, 3]), scale: 1 };
    expect(() => quantLinear(weight, weight, null, [])).toThrow(refused);
    expect(() => quantLinear(x, weight, tf.zeros<tf.Rank.R1>([5]), [])).toThrow(refused);
    expect(() => quantLinear(x, weight, null, [], { residual: x })).toThrow(refused);
    expect(() => quantLinear(x, weight, null, [term])).toThrow(refused);
    const narrow = { ...term, b: tf.zeros<tf.Rank.R2>([2, 2]) };
    // Short of columns, beyond the last, out of order or on the same ones, of different scales.
    expect(() => quantLinear(x, weight, null, [narrow])).toThrow(refused);
    expect(() => quantLinear(x, weight, null, [{ ...narrow, start: 3 }])).toThrow(refused);
    for (const starts of [
      [2, 0],
      [0, 1],
    ]) {
      expect(() =>
        quantLinear(
          x,
          weight,
          null,
          starts.map((start) => ({ ...narrow, start })),
        ),
      ).toThrow(refused);
    }
    const both = [narrow, { ...narrow, scale: 2 }].map((given, at) => ({ ...given, start: 2 * at }));
    expect(() => quantLinear(x, weight, null, both)).toThrow("share their scale");
    const packed = new PackedWeight(
      quantiseMatrix(createRng("shapes").normal(24), { outSize: 4, inSize: 6 }, "int8"),
    );
    expect(() => quantLinear(x, packed, null, [])).toThrow(refused);
    packed.dispose();
  });
});
