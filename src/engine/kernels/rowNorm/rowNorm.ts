/** Layer norm and RMS norm over the last axis. */
import type * as tf from "@tensorflow/tfjs-core";
import { defineOp } from "../defineOp.ts";
import { tapedOp } from "../tapedOp.ts";
import { type NormKind, normalise, normaliseGradients } from "./twin.ts";
import { normaliseGradientOnGpu, normaliseOnGpu } from "./webgpu.ts";

/** Scale and shift of one normalisation; both [D]. */
export interface NormWeights {
  readonly weight: tf.Tensor1D;
  /** Absent: no shift (RMS norm has none). */
  readonly bias?: tf.Tensor1D;
  readonly epsilon: number;
  /** Weight and bias receive gradients. */
  readonly isTrainable: boolean;
}

interface Forward {
  readonly x: tf.Tensor;
  readonly weight: tf.Tensor;
  readonly bias?: tf.Tensor;
}

interface Backward {
  /** The twin keeps x̂ [R, D] and 1/σ [R, 1], the shader x and each row's mean and 1/σ [R, 2]. */
  readonly rows: tf.Tensor;
  readonly statistics: tf.Tensor;
  readonly weight: tf.Tensor;
  readonly dy: tf.Tensor;
}

interface Attributes {
  readonly kind: NormKind;
  readonly epsilon: number;
  readonly isTrainable: boolean;
}

const runForward = defineOp<Forward, Attributes>({
  name: "RowNorm",
  twin: normalise,
  canRunOnGpu: (_, { isTrainable }) => !isTrainable,
  webgpu: normaliseOnGpu,
});

const runBackward = defineOp<Backward, Attributes>({
  name: "RowNormGrad",
  twin: normaliseGradients,
  canRunOnGpu: ({ statistics }) => statistics.shape[1] === 2,
  webgpu: normaliseGradientOnGpu,
});

function normaliseRows(kind: NormKind, x: tf.Tensor2D, norm: NormWeights): tf.Tensor2D {
  const { weight, bias, epsilon, isTrainable } = norm;
  const learning = isTrainable ? [weight, ...(bias ? [bias] : [])] : [];
  const attributes = { kind, epsilon, isTrainable };
  return tapedOp([x, ...learning], () => {
    const outputs = runForward({ x, weight, ...(bias ? { bias } : {}) }, attributes);
    const value = outputs[0] as tf.Tensor2D;
    return {
      value,
      saved: outputs.length === 3 ? outputs.slice(1) : [x, ...outputs.slice(1)],
      backward: (dy, saved) => {
        const [rows, statistics] = saved as [tf.Tensor, tf.Tensor];
        return runBackward({ rows, statistics, weight, dy }, attributes).slice(0, 1 + learning.length);
      },
    };
  });
}

/**
 * y = (x − mean) / √(var + ε) · weight + bias, population variance. Taped.
 * @param x [R, D] @returns [R, D], owned by the caller
 */
export function layerNorm(x: tf.Tensor2D, norm: NormWeights): tf.Tensor2D {
  return normaliseRows("layer", x, norm);
}

/**
 * y = x / √(mean x² + ε) · weight. Taped. Source: Zhang & Sennrich, arXiv 1910.07467; LLaMA's norm.
 * @param x [R, D] @returns [R, D], owned by the caller
 */
export function rmsNorm(x: tf.Tensor2D, norm: NormWeights): tf.Tensor2D {
  return normaliseRows("rms", x, norm);
}
