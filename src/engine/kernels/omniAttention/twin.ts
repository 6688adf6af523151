/** Attention from stock ops: keeps the probabilities of all pairs. */
import * as tf from "@tensorflow/tfjs-core";
import { expandRanges, FORBIDDEN } from "./attentionMask.ts";

/** [B, L, H, hd] ↔ [B, H, L, hd] */
const swap = (x: tf.Tensor): tf.Tensor4D => tf.transpose(x, [0, 2, 1, 3]) as tf.Tensor4D;

function toAdditive(mask: tf.Tensor | undefined, columns: number): tf.Tensor | undefined {
  return mask?.dtype === "int32" ? expandRanges(mask as tf.Tensor3D, columns) : mask;
}

/**
 * Empties the rows that see nothing, which softmax would give the mean of all. A pass over heads is shorter than one over
 * pairs. @param x [B, H, Q, hd] @param additive broadcast to [B, H, Q, K]
 */
function emptyBlindRows(x: tf.Tensor, additive: tf.Tensor | undefined): tf.Tensor {
  if (!additive) return x;
  const seesAny = tf.greater(tf.max(additive, -1, true), FORBIDDEN / 2);
  return tf.mul(x, tf.cast(seesAny, "float32"));
}

/** @returns [output [B, Q, H, hd], probabilities [B, H, Q, K], those of rows that see nothing being of no use] */
export function attend(q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, mask: tf.Tensor | undefined): tf.Tensor[] {
  const scale = 1 / Math.sqrt(q.shape[3] ?? 1);
  const scores = tf.mul(tf.matMul(swap(q), swap(k), false, true), scale);
  const additive = toAdditive(mask, k.shape[1] ?? 0);
  const probs = tf.softmax(additive ? tf.add(scores, additive) : scores);
  return [swap(emptyBlindRows(tf.matMul(probs, swap(v)), additive)), probs];
}

/** @param probs [B, H, Q, K] @returns [dq, dk, dv] in the layout of q, k and v */
export function attendGradients(
  {
    mask,
    ...inputs
  }: Readonly<Record<"q" | "k" | "v" | "output" | "dy", tf.Tensor>> & { readonly mask?: tf.Tensor },
  probs: tf.Tensor,
): tf.Tensor[] {
  const { q, k, v, output, dy } = inputs;
  const scale = 1 / Math.sqrt(q.shape[3] ?? 1);
  const upstream = emptyBlindRows(swap(dy), toAdditive(mask, k.shape[1] ?? 0));
  const dProbs = tf.matMul(upstream, swap(v), false, true);
  // Σ_j p_j·dp_j = Σ_d y_d·dy_d: the shorter sum.
  const along = swap(tf.sum(tf.mul(dy, output), -1, true));
  const dScores = tf.mul(tf.mul(tf.sub(dProbs, along), probs), scale);
  return [
    swap(tf.matMul(dScores, swap(k))),
    swap(tf.matMul(dScores, swap(q), true)),
    swap(tf.matMul(probs, upstream, true)),
  ];
}
