/** The straight-through embedding's two halves from stock ops. */
import * as tf from "@tensorflow/tfjs-core";

/**
 * Perturbed logits z + g with g from the Gumbel posterior in which `ids` were the argmax: the drawn one gets
 * M = LSE(z) + g, each other one −log(exp(−(z + g)) + exp(−M)), a Gumbel cut off at M.
 * Source: spec/unirl.md 3.1 (b); Maddison et al., "A* sampling" (truncated Gumbels).
 * @param logits [R, V] @param ids [R] int32 @param noise [R, V] standard Gumbel @returns [R, V]
 */
export function perturbTowards(logits: tf.Tensor, ids: tf.Tensor, noise: tf.Tensor): tf.Tensor {
  const drawn = tf.cast(tf.oneHot(ids as tf.Tensor1D, logits.shape[1] ?? 0), "float32");
  const ceiling = tf.add(tf.logSumExp(logits, 1, true), tf.sum(tf.mul(noise, drawn), 1, true));
  const free = tf.neg(tf.add(logits, noise));
  const bound = tf.neg(ceiling);
  // log(exp a + exp b) by the larger of the two, so that neither overflows.
  const larger = tf.maximum(free, bound);
  const sum = tf.add(tf.exp(tf.sub(free, larger)), tf.exp(tf.sub(bound, larger)));
  const below = tf.neg(tf.add(larger, tf.log(sum)));
  return tf.add(tf.mul(drawn, ceiling), tf.mul(tf.sub(1, drawn), below));
}

/** @param noise [R, V] or none @returns [softmax((logits + g)/τ) [R, V]] */
export function softenChoice(
  { logits, ids, noise }: { readonly logits: tf.Tensor; readonly ids: tf.Tensor; readonly noise?: tf.Tensor },
  { tau }: { readonly tau: number },
): tf.Tensor[] {
  return [tf.softmax(tf.div(noise ? perturbTowards(logits, ids, noise) : logits, tau))];
}

/** The table is `columns` [D, V], or else `packed` with `scales`. */
export interface SoftenedInputs<T = tf.Tensor> {
  /** [R, V] */
  readonly probs: T;
  /** [R] */
  readonly weights: T;
  /** [R, D] */
  readonly dy: T;
  readonly columns?: T;
  readonly packed?: T;
  readonly scales?: T;
}

/**
 * The softmax's Jacobian over τ, applied to (weight·dy)·tableᵀ.
 * @param dense gives tableᵀ [D, V], borrowed @returns [dLogits [R, V]]
 */
export function softenedGradient(
  { probs, weights, dy }: SoftenedInputs,
  { tau, dense }: { readonly tau: number; readonly dense: () => tf.Tensor },
): tf.Tensor[] {
  const upstream = tf.mul(dy, tf.div(tf.expandDims(weights, 1), tau)) as tf.Tensor2D;
  const dProbs = tf.matMul(upstream, dense() as tf.Tensor2D);
  const along = tf.sum(tf.mul(dProbs, probs), 1, true);
  return [tf.mul(tf.sub(dProbs, along), probs)];
}
