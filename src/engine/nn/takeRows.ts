/** Picking rows by index, with the gradient stock tfjs lacks a wasm kernel for. */
import * as tf from "@tensorflow/tfjs-core";
import { tapedOp } from "../kernels/tapedOp.ts";

/**
 * x[indices] along the first axis. Taped in x; the gradient adds up what each row's copies receive.
 * @param x [U, …] @param indices [B], each in [0, U) @returns [B, …], owned by the caller
 */
export function takeRows<T extends tf.Tensor>(x: T, indices: Int32Array): T {
  const [rowCount = 0, ...rest] = x.shape;
  return tapedOp([x], () => ({
    value: tf.gather(x, tf.tensor1d(indices, "int32")) as T,
    saved: [],
    backward: (dy) => {
      const selection = new Float32Array(rowCount * indices.length);
      for (const [at, row] of indices.entries()) selection[row * indices.length + at] = 1;
      const spread = tf.tensor2d(selection, [rowCount, indices.length]);
      return [tf.reshape(tf.matMul(spread, tf.reshape(dy, [indices.length, -1])), [rowCount, ...rest])];
    },
  }));
}
