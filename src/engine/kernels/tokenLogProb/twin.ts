/** Token scores from stock ops: keep the whole softmax. */
import * as tf from "@tensorflow/tfjs-core";

/** @param logits [R, V] @param ids [R] int32 @returns log p of the chosen tokens [R], log Σ exp z [R], softmax [R, V] */
function score(logits: tf.Tensor, ids: tf.Tensor): [tf.Tensor, tf.Tensor, tf.Tensor] {
  const [rows = 0, width = 0] = logits.shape;
  const probs = tf.softmax(logits);
  const starts = tf.tensor1d(
    Int32Array.from({ length: rows }, (_, row) => row * width),
    "int32",
  );
  const chosen = tf.gather(tf.reshape(logits, [rows * width]), tf.add(starts, ids) as tf.Tensor1D);
  // log Σ exp z = max z − log max p: one softmax instead of a second pass of exponentials, and max p ≥ 1/V.
  const normaliser = tf.sub(tf.max(logits, 1), tf.log(tf.max(probs, 1)));
  return [tf.sub(chosen, normaliser), normaliser, probs];
}

/** (onehot − softmax)·dy. @returns [dLogits [R, V]] */
export function logitGradients({
  ids,
  statistics: probs,
  dy,
}: Readonly<Record<"ids" | "statistics" | "dy", tf.Tensor>>): tf.Tensor[] {
  const oneHot = tf.oneHot(ids as tf.Tensor1D, probs.shape[1] ?? 0);
  return [tf.mul(tf.sub(oneHot, probs), tf.expandDims(dy, 1))];
}

/** @returns [log p [R], softmax [R, V]] */
export function scoreLogits({ logits, ids }: Readonly<Record<"logits" | "ids", tf.Tensor>>): tf.Tensor[] {
  const [logProbs, , probs] = score(logits, ids);
  return [logProbs, probs];
}

interface ScoreAttributes {
  readonly temperature: number;
  readonly hasEntropy: boolean;
  /** The head's matrix [D, V], borrowed. */
  readonly dense: () => tf.Tensor;
}

/** @returns [log p [R], log Σ exp z [R], entropy [R] where wanted, softmax [R, V]] */
export function scoreProjected(
  { hidden, bias, ids }: Readonly<Record<"hidden" | "bias" | "ids", tf.Tensor>>,
  { temperature, hasEntropy, dense }: ScoreAttributes,
): tf.Tensor[] {
  const projected = tf.fused.matMul({ a: hidden as tf.Tensor2D, b: dense() as tf.Tensor2D, bias });
  const logits = temperature === 1 ? projected : tf.div(projected, temperature);
  const [logProbs, lse, probs] = score(logits, ids);
  if (!hasEntropy) return [logProbs, lse, probs];
  const entropies = tf.neg(tf.sum(tf.mul(probs, tf.sub(logits, tf.expandDims(lse, 1))), 1));
  return [logProbs, lse, entropies, probs];
}

/** dh = dy/T·(Wᵀ[id] − softmax·Wᵀ). @param columns Wᵀ [V, D] @returns [dHidden [R, D]] */
export function projectedGradient(
  {
    ids,
    dy,
    statistics: probs,
    columns,
  }: Readonly<Record<"ids" | "dy" | "statistics", tf.Tensor>> & { readonly columns?: tf.Tensor },
  { temperature }: { readonly temperature: number },
): tf.Tensor[] {
  const transposed = columns as tf.Tensor2D;
  const chosen = tf.gather(transposed, ids as tf.Tensor1D);
  const expected = tf.matMul(probs as tf.Tensor2D, transposed);
  const upstream = temperature === 1 ? dy : tf.div(dy, temperature);
  return [tf.mul(tf.sub(chosen, expected), tf.expandDims(upstream, 1))];
}
