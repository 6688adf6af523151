/** Layer norm and RMS norm over the last axis. */
import * as tf from "@tensorflow/tfjs-core";
import { defineOp } from "../defineOp.ts";
import { tapedOps } from "../tapedOp.ts";
import { type NormBackward, type NormKind, normalise, normaliseGradients } from "./twin.ts";
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

const runBackward = defineOp<NormBackward, Attributes>({
  name: "RowNormGrad",
  twin: normaliseGradients,
  canRunOnGpu: ({ statistics }) => statistics.shape[1] === 2,
  webgpu: normaliseGradientOnGpu,
});

/** @param isFork gives y twice and x itself @returns [y], or [y, y, x] */
function normaliseRows(kind: NormKind, x: tf.Tensor2D, norm: NormWeights, isFork: boolean): tf.Tensor[] {
  const { weight, bias, epsilon, isTrainable } = norm;
  const learning = isTrainable ? [weight, ...(bias ? [bias] : [])] : [];
  const attributes = { kind, epsilon, isTrainable };
  return tapedOps([x, ...learning], () => {
    const outputs = runForward({ x, weight, ...(bias ? { bias } : {}) }, attributes);
    const y = outputs[0] as tf.Tensor;
    return {
      values: isFork ? [y, tf.clone(y), tf.clone(x)] : [y],
      saved: outputs.length === 3 ? outputs.slice(1) : [x, ...outputs.slice(1)],
      backward: ([dy, dyOther, dSkip], saved) => {
        const [rows, statistics] = saved as [tf.Tensor, tf.Tensor];
        const others = dyOther && dSkip ? { dyOther, dSkip } : {};
        const inputs = { rows, statistics, weight, dy: dy as tf.Tensor, ...others };
        return runBackward(inputs, attributes).slice(0, 1 + learning.length);
      },
    };
  });
}

/**
 * y = (x − mean) / √(var + ε) · weight + bias, population variance. Taped.
 * @param x [R, D] @returns [R, D], owned by the caller
 */
export function layerNorm(x: tf.Tensor2D, norm: NormWeights): tf.Tensor2D {
  return normaliseRows("layer", x, norm, false)[0] as tf.Tensor2D;
}

/**
 * y = x / √(mean x² + ε) · weight. Taped. Source: Zhang & Sennrich, arXiv 1910.07467; LLaMA's norm.
 * @param x [R, D] @returns [R, D], owned by the caller
 */
export function rmsNorm(x: tf.Tensor2D, norm: NormWeights): tf.Tensor2D {
  return normaliseRows("rms", x, norm, false)[0] as tf.Tensor2D;
}

/**
 * A layer norm where a residual block forks: for two readers (attention and MLP side by side), and x itself for who goes
 * past them. The same numbers as `layerNorm(x)` twice and x; what the three send back is added up in the norm's own
 * gradient. Taped.
 * @param x [R, D] @returns [R, D] each, owned by the caller
 */
export function forkNorm(
  x: tf.Tensor2D,
  norm: NormWeights,
): { readonly normed: readonly [tf.Tensor2D, tf.Tensor2D]; readonly skip: tf.Tensor2D } {
  const [first, second, skip] = normaliseRows("layer", x, norm, true) as [
    tf.Tensor2D,
    tf.Tensor2D,
    tf.Tensor2D,
  ];
  return { normed: [first, second], skip };
}
