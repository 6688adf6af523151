/** Log-probability of one chosen token per row, from logits or straight from hidden states. */
import * as tf from "@tensorflow/tfjs-core";
import { tapedOp } from "../kernels/tapedOp.ts";
import type { Linear } from "./linear.ts";

/** @returns log p of the chosen tokens [R] and the whole softmax [R, V] */
function score(logits: tf.Tensor2D, ids: Int32Array): { value: tf.Tensor1D; probs: tf.Tensor2D } {
  const [rows, width] = logits.shape;
  const probs = tf.softmax(logits);
  const flat = Int32Array.from(ids, (id, row) => row * width + id);
  const chosen = tf.gather(tf.reshape(logits, [rows * width]), tf.tensor1d(flat, "int32"));
  // log Σ exp z = max z − log max p: one softmax instead of a second pass of exponentials, and max p ≥ 1/V.
  const normaliser = tf.sub(tf.max(logits, 1), tf.log(tf.max(probs, 1)));
  return { value: tf.sub(chosen, normaliser) as tf.Tensor1D, probs };
}

/**
 * log softmax(logits)[row, ids[row]]. Taped; the gradient is onehot − softmax.
 * @param logits [R, V] @param ids [R], each in [0, V) @returns [R], owned by the caller
 */
export function tokenLogProbs(logits: tf.Tensor2D, ids: Int32Array): tf.Tensor1D {
  return tapedOp([logits], () => {
    const { value, probs } = score(logits, ids);
    return {
      value,
      saved: [probs],
      backward: (dy, saved) => {
        const [savedProbs] = saved as [tf.Tensor2D];
        const oneHot = tf.oneHot(tf.tensor1d(ids, "int32"), savedProbs.shape[1]);
        return [tf.mul(tf.sub(oneHot, savedProbs), tf.expandDims(dy, 1))];
      },
    };
  });
}

/**
 * `tokenLogProbs` of a frozen projection's logits, without ever forming their gradient:
 * dh = dy·(Wᵀ[id] − softmax·Wᵀ). Taped in `hidden`.
 * @param hidden [R, D] @param head [D, V], frozen and without an adapter @param ids [R] @returns [R]
 */
export function projectedTokenLogProbs(hidden: tf.Tensor2D, head: Linear, ids: Int32Array): tf.Tensor1D {
  return tapedOp([hidden], () => {
    const { value, probs } = score(head.apply(hidden), ids);
    return {
      value,
      saved: [probs],
      backward: (dy, saved) => {
        const [savedProbs] = saved as [tf.Tensor2D];
        const chosen = tf.gather(head.transposedWeight(), tf.tensor1d(ids, "int32"));
        const expected = head.applyTransposed(savedProbs);
        return [tf.mul(tf.sub(chosen, expected), tf.expandDims(dy, 1))];
      },
    };
  });
}
