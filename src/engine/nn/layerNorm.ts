/** Layer normalisation over the last axis, as one taped op of stock kernels. */
import * as tf from "@tensorflow/tfjs-core";
import { tapedOp } from "../kernels/tapedOp.ts";

/** Scale and shift of one normalisation; both [D]. */
export interface NormWeights {
  readonly weight: tf.Tensor1D;
  readonly bias: tf.Tensor1D;
  readonly epsilon: number;
  /** Weight and bias receive gradients. */
  readonly isTrainable: boolean;
}

/** @returns x̂ [R, D] and 1/σ [R, 1] */
function normalise(x: tf.Tensor2D, epsilon: number): { xHat: tf.Tensor2D; inverseStd: tf.Tensor2D } {
  const centred = tf.sub(x, tf.mean(x, 1, true));
  const variance = tf.mean(tf.square(centred), 1, true);
  const inverseStd = tf.rsqrt(tf.add(variance, epsilon)) as tf.Tensor2D;
  return { xHat: tf.mul(centred, inverseStd), inverseStd };
}

/**
 * y = (x − mean) / √(var + ε) · weight + bias, population variance. Taped.
 * @param x [R, D] @returns [R, D], owned by the caller
 */
export function layerNorm(x: tf.Tensor2D, norm: NormWeights): tf.Tensor2D {
  return tapedOp(norm.isTrainable ? [x, norm.weight, norm.bias] : [x], () => {
    const { xHat, inverseStd } = normalise(x, norm.epsilon);
    return {
      value: tf.add(tf.mul(xHat, norm.weight), norm.bias) as tf.Tensor2D,
      saved: [xHat, inverseStd],
      backward: (dy, saved) => {
        const [savedHat, savedInverse] = saved as [tf.Tensor2D, tf.Tensor2D];
        const dHat = tf.mul(dy, norm.weight);
        const along = tf.mean(tf.mul(dHat, savedHat), 1, true);
        const level = tf.sub(dHat, tf.mean(dHat, 1, true));
        const dx = tf.mul(tf.sub(level, tf.mul(savedHat, along)), savedInverse);
        return norm.isTrainable ? [dx, tf.sum(tf.mul(dy, savedHat), 0), tf.sum(dy, 0)] : [dx];
      },
    };
  });
}
