/** For tests: one call of the linear layer, its output and every gradient, by shader and by twin. */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import { quantiseMatrix } from "../../quant/quantiseMatrix.ts";
import { createRng } from "../../rng.ts";
import { randomTensor, relativeError } from "../oracle.ts";
import type { LowRankTerm } from "./joinedTerms.ts";
import type { WeightFormat } from "./operands.ts";
import { PackedWeight } from "./packedWeight.ts";
import { type QuantLinearOptions, quantLinear } from "./quantMatMul.ts";
import type { Span } from "./terms.ts";

export interface LinearCase extends Omit<QuantLinearOptions, "residual"> {
  readonly rows: number;
  readonly inSize: number;
  readonly outSize: number;
  /** 0: no adapter. */
  readonly rank: number;
  readonly format: WeightFormat;
  /** Columns of each adapter; one of all columns unless told. */
  readonly spans?: readonly Span[];
  readonly hasBias?: boolean;
  readonly hasResidual?: boolean;
  /** Standard deviation of a packed weight, or 1. */
  readonly weightLevel?: number;
}

/** The caller disposes it. */
export function makeWeight(test: LinearCase): tf.Tensor2D | PackedWeight {
  const { format, inSize, outSize, weightLevel = 1 } = test;
  if (format === "f32") return randomTensor<tf.Rank.R2>("weight", [inSize, outSize]);
  const values = createRng("packed weight", inSize, outSize)
    .normal(inSize * outSize)
    .map((value) => value * weightLevel);
  return new PackedWeight(quantiseMatrix(values, { outSize, inSize }, format));
}

export const SCALE = 0.7;

/** The case's adapters. */
export function makeTerms({ inSize, outSize, rank, spans }: LinearCase): LowRankTerm[] {
  if (rank === 0) return [];
  return (spans ?? [{ start: 0, count: outSize }]).map(({ start, count }, at) => ({
    a: randomTensor<tf.Rank.R2>(`a${at}`, [rank, inSize]),
    b: randomTensor<tf.Rank.R2>(`b${at}`, [count, rank]),
    scale: SCALE,
    start,
  }));
}

/** The case's tensors; one layer of them. */
export function prepare(test: LinearCase, weight: tf.Tensor2D | PackedWeight) {
  const { rows, inSize, outSize, hasBias = true, hasResidual = false, isConstant, isAdapterFrozen } = test;
  const x = randomTensor<tf.Rank.R2>("x", [rows, inSize]);
  const bias = hasBias ? randomTensor<tf.Rank.R1>("bias", [outSize]) : null;
  const residual = hasResidual ? randomTensor<tf.Rank.R2>("residual", [rows, outSize]) : null;
  const terms = makeTerms(test);
  const learners = isAdapterFrozen ? [] : terms;
  /** What the tape watches. */
  const inputs: tf.Tensor[] = [
    ...(isConstant ? [] : [x]),
    ...(residual ? [residual] : []),
    ...learners.flatMap(({ a, b }) => [a, b]),
  ];
  const run = (...given: tf.Tensor[]): tf.Tensor2D => {
    const left = [...given] as tf.Tensor2D[];
    const ownX = isConstant ? x : (left.shift() as tf.Tensor2D);
    const added = residual ? { residual: left.shift() as tf.Tensor2D } : {};
    const learnt = learners.map((term) => ({
      ...term,
      a: left.shift() as tf.Tensor2D,
      b: left.shift() as tf.Tensor2D,
    }));
    return quantLinear(ownX, weight, bias, learners.length > 0 ? learnt : terms, { ...test, ...added });
  };
  return { inputs, run };
}

/** @returns y and the gradients of x, residual, A and B as far as they are asked for */
export function computeCase(test: LinearCase, weight: tf.Tensor2D | PackedWeight): tf.Tensor[] {
  const { inputs, run } = prepare(test, weight);
  const direction = randomTensor("direction", [test.rows, test.outSize]);
  return [run(...inputs), ...tf.grads(run)(inputs, direction)];
}

/** What a backend gives for a case. */
async function valuesOn(backend: "cpu" | "webgpu", test: LinearCase) {
  await tf.setBackend(backend);
  const before = tf.memory().numTensors;
  const weight = makeWeight(test);
  const outputs = tf.tidy(() => computeCase(test, weight));
  const values = await Promise.all(
    outputs.map(async (tensor) => ({ shape: tensor.shape, data: await tensor.data() })),
  );
  tf.dispose(outputs);
  weight.dispose();
  expect(tf.memory().numTensors).toBe(before);
  return values;
}

/**
 * The shaders on WebGPU, which is current afterwards, against the twin on the cpu backend: tfjs's own products would take
 * a software GPU longer to compile than all of ours. No tensor may be left over.
 */
export async function expectCaseAgrees(test: LinearCase): Promise<void> {
  const expected = await valuesOn("cpu", test);
  const actual = await valuesOn("webgpu", test);
  expect(actual.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  for (const [at, { data }] of actual.entries()) {
    expect(relativeError(data, expected[at]?.data ?? [])).toBeLessThan(1e-5);
  }
}
