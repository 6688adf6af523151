/** Gumbel noise as it must have been, given which category was drawn. */
import * as tf from "@tensorflow/tfjs-core";

/**
 * Perturbed logits z + g with g from the Gumbel posterior in which `ids` were the argmax: the drawn one gets
 * M = LSE(z) + g, each other one −log(exp(−(z + g)) + exp(−M)), a Gumbel cut off at M. Constant.
 * Source: spec/unirl.md 3.1 (b); Maddison et al., "A* sampling" (truncated Gumbels).
 * @param logits [R, V] @param ids [R] @param noise [R, V] standard Gumbel @returns [R, V], owned by the caller
 */
export function perturbTowards(logits: tf.Tensor2D, ids: Int32Array, noise: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const drawn = tf.cast(tf.oneHot(tf.tensor1d(ids, "int32"), logits.shape[1]), "float32");
    const ceiling = tf.add(tf.logSumExp(logits, 1, true), tf.sum(tf.mul(noise, drawn), 1, true));
    const free = tf.neg(tf.add(logits, noise));
    const bound = tf.neg(ceiling);
    // log(exp a + exp b) by the larger of the two, so that neither overflows.
    const larger = tf.maximum(free, bound);
    const sum = tf.add(tf.exp(tf.sub(free, larger)), tf.exp(tf.sub(bound, larger)));
    const below = tf.neg(tf.add(larger, tf.log(sum)));
    return tf.add(tf.mul(drawn, ceiling), tf.mul(tf.sub(1, drawn), below)) as tf.Tensor2D;
  });
}
