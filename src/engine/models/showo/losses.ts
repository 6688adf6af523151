/** Show-o's two training losses, means of −log p over labelled rows. */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { tokenLogProbs } from "../../kernels/tokenLogProb/tokenLogProb.ts";
import { takeRows } from "../../nn/takeRows.ts";

/** Label of rows that do not count. */
export const IGNORED_LABEL = -100;

/**
 * Mean cross-entropy over the labelled rows: the masked-token loss where row and label share a position. Taped.
 * @param logits [R, V] @param labels [R], `IGNORED_LABEL` or an id @returns scalar, owned by the caller
 * @throws EngineError("badInput") when no row is labelled
 */
export function crossEntropy(logits: tf.Tensor2D, labels: Int32Array): tf.Scalar {
  const rows: number[] = [];
  for (const [row, label] of labels.entries()) if (label !== IGNORED_LABEL) rows.push(row);
  if (rows.length === 0) throw new EngineError("badInput", "A loss needs at least one labelled token.");
  return tf.tidy(() => {
    const kept = rows.length === labels.length ? logits : takeRows(logits, Int32Array.from(rows));
    const ids = Int32Array.from(rows, (row) => labels[row] ?? 0);
    return tf.neg(tf.mean(tokenLogProbs(kept, ids)));
  });
}

/**
 * Next-token loss: row t is scored on label t + 1. Taped.
 * @param logits [B, L, V] @param labels [B·L] @returns scalar, owned by the caller
 */
export function shiftedCrossEntropy(logits: tf.Tensor3D, labels: Int32Array): tf.Scalar {
  const [batch, length, width] = logits.shape;
  const shifted = new Int32Array(labels.length).fill(IGNORED_LABEL);
  for (let row = 0; row < batch; row++) {
    const start = row * length;
    shifted.set(labels.subarray(start + 1, start + length), start);
  }
  return tf.tidy(() => crossEntropy(tf.reshape(logits, [batch * length, width]), shifted));
}
