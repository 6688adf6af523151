/** Scaled dot-product attention with the mask given as data, as one taped op that keeps only the probabilities. */
import * as tf from "@tensorflow/tfjs-core";
import { tapedOp } from "../kernels/tapedOp.ts";

/** Added to the scores of forbidden pairs: softmax gives exactly 0, and rows forbidden throughout stay finite. */
export const FORBIDDEN = -1e30;

/**
 * softmax(q·kᵀ/√hd + mask)·v. Taped in q, k and v.
 * @param q [B, H, Q, hd] @param k [B, H, K, hd] @param v [B, H, K, hd]
 * @param mask additive, broadcast to [B, H, Q, K] (0 or `FORBIDDEN`); null: all pairs see each other
 * @returns [B, H, Q, hd], owned by the caller
 */
export function attention(
  q: tf.Tensor4D,
  k: tf.Tensor4D,
  v: tf.Tensor4D,
  mask: tf.Tensor | null,
): tf.Tensor4D {
  const scale = 1 / Math.sqrt(q.shape[3]);
  return tapedOp([q, k, v], () => {
    const scores = tf.mul(tf.matMul(q, k, false, true), scale);
    const probs = tf.softmax(mask ? tf.add(scores, mask) : scores);
    const value = tf.matMul(probs, v) as tf.Tensor4D;
    return {
      value,
      saved: [q, k, v, probs, value],
      backward: (dy, saved) => attentionGradients(dy, saved, scale),
    };
  });
}

/** @param saved [q, k, v, probs, output] @returns [dq, dk, dv] */
function attentionGradients(dy: tf.Tensor, saved: tf.Tensor[], scale: number): tf.Tensor[] {
  const [q, k, v, probs, output] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const dProbs = tf.matMul(dy, v, false, true);
  // Σ_j p_j·dp_j = Σ_d y_d·dy_d: the shorter sum.
  const along = tf.sum(tf.mul(dy, output), -1, true);
  const dScores = tf.mul(tf.mul(tf.sub(dProbs, along), probs), scale);
  return [tf.matMul(dScores, k), tf.matMul(dScores, q, true), tf.matMul(probs, dy, true)];
}
