/** The frozen linear layer with a low-rank adapter, its weight in f32 or packed. */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { defineOp, runsShaders } from "../defineOp.ts";
import { keepNamed, tapedOp } from "../tapedOp.ts";
import { type JoinedTerms, joinTerms, type LowRankTerm } from "./joinedTerms.ts";
import type { ProductVariant } from "./operands.ts";
import { PackedWeight } from "./packedWeight.ts";
import { checkSpans } from "./terms.ts";
import {
  applyLinear,
  type BackwardInputs,
  type ForwardInputs,
  type LinearAttributes,
  linearGradients,
} from "./twin.ts";
import { applyLinearOnGpu, linearGradientsOnGpu } from "./webgpu.ts";

export interface QuantLinearOptions {
  /** x needs no gradient, so none is computed. */
  readonly isConstant?: boolean;
  /** No A and B need a gradient. */
  readonly isAdapterFrozen?: boolean;
  /** Added to the result [R, out]. Taped. */
  readonly residual?: tf.Tensor2D;
  /** Gives the terms joined, borrowed, which a layer may keep between calls. Absent: joined in each call. */
  readonly joined?: () => JoinedTerms;
  /**
   * For backends without our shaders: gives an f32 weight's transpose [out, in], borrowed, which a layer may keep between
   * calls. Absent: transposed in each backward pass.
   */
  readonly transposed?: () => tf.Tensor2D;
  /** How WebGPU multiplies many rows; absent: tiles in shared memory, registers alone on a software GPU. */
  readonly variant?: ProductVariant;
}

const runForward = defineOp<ForwardInputs, LinearAttributes>({
  name: "QuantMatMul",
  twin: applyLinear,
  webgpu: applyLinearOnGpu,
});

const runBackward = defineOp<BackwardInputs, LinearAttributes>({
  name: "QuantMatMulGrad",
  twin: linearGradients,
  webgpu: linearGradientsOnGpu,
});

function requireShape(name: string, tensor: tf.Tensor, shape: readonly number[]): void {
  if (tensor.shape.join() === shape.join()) return;
  throw new EngineError(
    "badInput",
    `A linear layer's ${name} should be [${shape.join(", ")}] and is [${tensor.shape.join(", ")}]. Load the weights that belong to this model.`,
  );
}

/** A weight as shaders read it; nothing where twins run, so that packed words stay off their backends. */
export type WeightInputs = Pick<ForwardInputs, "weight" | "packed" | "scales">;

/** The weight's inputs, sizes and f32 forms, which twins read. */
export function describeWeight(weight: tf.Tensor2D | PackedWeight, transposed?: () => tf.Tensor2D) {
  if (weight instanceof PackedWeight) {
    const { matrix, inSize, outSize } = weight;
    return {
      inputs: runsShaders() ? { packed: weight.packed, scales: weight.scales } : {},
      sizes: { format: matrix.format, inSize, outSize },
      forms: { dense: () => weight.dense(), transposed: () => weight.transposed() },
    };
  }
  const [inSize, outSize] = weight.shape;
  return {
    inputs: { weight },
    sizes: { format: "f32" as const, inSize, outSize },
    forms: { dense: () => weight, transposed: transposed ?? (() => tf.transpose(weight)) },
  };
}

/** Checks the terms. @returns their columns and their common scale */
function describeTerms(terms: readonly LowRankTerm[], inSize: number, outSize: number) {
  const [first] = terms;
  if (!first) return { spans: [], scale: 1 };
  const [rank] = first.a.shape;
  for (const { a, b, scale } of terms) {
    requireShape("adapter A", a, [rank, inSize]);
    requireShape("adapter B", b, [b.shape[0], rank]);
    if (scale !== first.scale) {
      throw new EngineError(
        "badInput",
        `Adapters of one layer share their scale: ${first.scale}, not ${scale}.`,
      );
    }
  }
  if (terms.length === 1 && first.start === undefined) requireShape("adapter B", first.b, [outSize, rank]);
  const spans = terms.map(({ b, start = 0 }) => ({ start, count: b.shape[0] }));
  checkSpans(spans, outSize);
  return { spans, scale: first.scale };
}

/**
 * y = x·Wᵀ + bias + residual + Σ scale·(x·Aᵀ)·Bᵀ with W frozen: a layer, or several side by side that read the same x and
 * have their adapters each on columns of its own. Taped: x unless it is constant, the residual, and all A and B unless the
 * adapters are frozen. Sums and results are f32 in every format; a packed weight counts with the exact values of
 * `dequantiseMatrix`. Source of the adapter: Hu et al., arXiv 2106.09685.
 * @param x [R, in] @param weight f32 [in, out], or packed @param bias [out] or null
 * @param terms in the order of their columns, of one rank and scale; all borrowed until the backward pass
 * @returns y [R, out], owned by the caller
 * @throws EngineError("badInput") when shapes do not belong together
 */
export function quantLinear(
  x: tf.Tensor2D,
  weight: tf.Tensor2D | PackedWeight,
  bias: tf.Tensor1D | null,
  terms: readonly LowRankTerm[],
  options: QuantLinearOptions = {},
): tf.Tensor2D {
  const { isConstant = false, isAdapterFrozen = false, variant = null, residual } = options;
  const { inputs: weightInputs, sizes, forms } = describeWeight(weight, options.transposed);
  const { inSize, outSize } = sizes;
  requireShape("input", x, [x.shape[0], inSize]);
  if (bias) requireShape("bias", bias, [outSize]);
  if (residual) requireShape("residual", residual, [x.shape[0], outSize]);
  const learners = isAdapterFrozen ? [] : terms;
  const attributes: LinearAttributes = {
    ...sizes,
    ...forms,
    ...describeTerms(terms, inSize, outSize),
    needsInput: !isConstant,
    needsAdapter: learners.length > 0,
    variant,
  };
  const added = { ...(bias ? { bias } : {}), ...(residual ? { residual } : {}) };
  const taped = [
    ...(isConstant ? [] : [x]),
    ...(residual ? [residual] : []),
    ...learners.flatMap(({ a, b }) => [a, b]),
  ];
  return tapedOp(taped, () => {
    const [first] = terms;
    const joined = terms.length > 1 ? (options.joined?.() ?? joinTerms(terms)) : null;
    const adapters = joined ?? (first ? { a: first.a, b: first.b } : {});
    const outputs = runForward({ x, ...weightInputs, ...added, ...adapters }, attributes);
    const [value, low] = outputs as [tf.Tensor2D, tf.Tensor2D | undefined];
    // Joined matrices may be made anew before the gradient is due.
    const kept = keepNamed({ ...joined, ...(low && learners.length > 0 ? { x, low } : {}) });
    return {
      value,
      saved: kept.list,
      backward: (dy, saved) => {
        const read = { dy, ...weightInputs, ...adapters, ...kept.read(saved) };
        const isAsked = attributes.needsInput || attributes.needsAdapter;
        const gradients = isAsked ? runBackward(read, attributes) : [];
        if (residual) gradients.splice(isConstant ? 0 : 1, 0, tf.clone(dy));
        return gradients;
      },
    };
  });
}
