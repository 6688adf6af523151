/** The straight-through estimator of a discrete choice that is read back through an embedding. */
import * as tf from "@tensorflow/tfjs-core";
import { tapedOp } from "../kernels/tapedOp.ts";
import { perturbTowards } from "./posteriorGumbel.ts";

/**
 * Forward: the embedding of the given ids, exactly. Backward, in rows with weight 1: as if the row were
 * softmax((logits + g)/τ)·table, g constant: posterior Gumbel noise in which the ids were the argmax, or 0.
 * Source: spec/unirl.md 3.1 (b) with noise, (a) without. Taped in `logits`.
 * @param logits [R, V] @param table [V, D], frozen @param tableTransposed [D, V] @param ids [R]
 * @param weights [R], 0 where no gradient passes @param tau τ > 0
 * @param noise [R, V] standard Gumbel, borrowed, or null @returns [R, D], owned by the caller
 */
export function straightThroughEmbedding(
  logits: tf.Tensor2D,
  table: tf.Tensor2D,
  tableTransposed: tf.Tensor2D,
  ids: Int32Array,
  weights: Float32Array,
  tau: number,
  noise: tf.Tensor2D | null = null,
): tf.Tensor2D {
  return tapedOp([logits], () => ({
    value: tf.gather(table, tf.tensor1d(ids, "int32")),
    saved: [tf.softmax(tf.div(noise ? perturbTowards(logits, ids, noise) : logits, tau))],
    backward: (dy, saved) => {
      const [probs] = saved as [tf.Tensor2D];
      const rowWeights = tf.tensor2d(weights, [weights.length, 1]);
      const dProbs = tf.matMul(tf.mul(dy, tf.div(rowWeights, tau)) as tf.Tensor2D, tableTransposed);
      const along = tf.sum(tf.mul(dProbs, probs), 1, true);
      return [tf.mul(tf.sub(dProbs, along), probs)];
    },
  }));
}
