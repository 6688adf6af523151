/** The frozen linear layer with a low-rank adapter, its weight in f32 or packed. */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { defineOp, runsShaders } from "../defineOp.ts";
import { tapedOp } from "../tapedOp.ts";
import type { ProductVariant } from "./operands.ts";
import { PackedWeight } from "./packedWeight.ts";
import {
  applyLinear,
  type BackwardInputs,
  type ForwardInputs,
  type LinearAttributes,
  linearGradients,
} from "./twin.ts";
import { applyLinearOnGpu, linearGradientsOnGpu } from "./webgpu.ts";

/** An adapter as the layer sees it: y += scale·(x·Aᵀ)·Bᵀ. */
export interface LowRankTerm {
  /** [r, in] */
  readonly a: tf.Tensor2D;
  /** [out, r] */
  readonly b: tf.Tensor2D;
  /** alpha / r */
  readonly scale: number;
}

export interface QuantLinearOptions {
  /** x needs no gradient, so none is computed. */
  readonly isConstant?: boolean;
  /** A and B need no gradient. */
  readonly isAdapterFrozen?: boolean;
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

/**
 * y = x·Wᵀ + bias + scale·(x·Aᵀ)·Bᵀ with W frozen. Taped: x unless it is constant, A and B unless the adapter is frozen.
 * Sums and results are f32 in every format; a packed weight counts with the exact values of `dequantiseMatrix`.
 * Source of the adapter: Hu et al., arXiv 2106.09685.
 * @param x [R, in] @param weight f32 [in, out], or packed @param bias [out] or null; all borrowed until
 *   the backward pass
 * @returns y [R, out], owned by the caller
 * @throws EngineError("badInput") when shapes do not belong together
 */
export function quantLinear(
  x: tf.Tensor2D,
  weight: tf.Tensor2D | PackedWeight,
  bias: tf.Tensor1D | null,
  adapter: LowRankTerm | null,
  options: QuantLinearOptions = {},
): tf.Tensor2D {
  const { isConstant = false, isAdapterFrozen = false, variant = null } = options;
  const { inputs: weightInputs, sizes, forms } = describeWeight(weight, options.transposed);
  const { inSize, outSize } = sizes;
  requireShape("input", x, [x.shape[0], inSize]);
  if (bias) requireShape("bias", bias, [outSize]);
  const learner = isAdapterFrozen ? null : adapter;
  const low = adapter ? { a: adapter.a, b: adapter.b } : {};
  if (adapter) {
    const [rank] = adapter.a.shape;
    requireShape("adapter A", adapter.a, [rank, inSize]);
    requireShape("adapter B", adapter.b, [outSize, rank]);
  }
  const attributes: LinearAttributes = {
    ...sizes,
    ...forms,
    scale: adapter?.scale ?? 1,
    needsInput: !isConstant,
    needsAdapter: learner !== null,
    variant,
  };
  const taped = [...(isConstant ? [] : [x]), ...(learner ? [learner.a, learner.b] : [])];
  return tapedOp(taped, () => {
    const outputs = runForward({ x, ...weightInputs, ...(bias ? { bias } : {}), ...low }, attributes);
    const [value, lowered] = outputs as [tf.Tensor2D, tf.Tensor2D | undefined];
    return {
      value,
      saved: learner && lowered ? [x, lowered] : [],
      backward: (dy, [savedX, savedLow]) =>
        runBackward(
          {
            dy,
            ...weightInputs,
            ...low,
            ...(savedX && savedLow ? { x: savedX, low: savedLow } : {}),
          },
          attributes,
        ),
    };
  });
}
