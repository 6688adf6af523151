/** `gelu_new` from stock ops, by the logistic function: tfjs's wasm backend vectorises σ and not tanh (20 times faster). */
import * as tf from "@tensorflow/tfjs-core";

/** σ's argument is SLOPE·x + CUBIC·x³: 2·√(2/π)·(x + 0.044715·x³). */
export const SLOPE = 2 * Math.sqrt(2 / Math.PI);
export const CUBIC = 0.044715 * SLOPE;

/** @param x any shape @returns [x·σ, σ] */
export function gelu(x: tf.Tensor): tf.Tensor[] {
  const gate = tf.sigmoid(tf.mul(x, tf.add(tf.mul(tf.square(x), CUBIC), SLOPE)));
  return [tf.mul(x, gate), gate];
}

/** d/dx x·σ(w) = σ·(1 + (1 − σ)·x·w'), w' = SLOPE + 3·CUBIC·x² */
export function geluGradient(dy: tf.Tensor, x: tf.Tensor, gate: tf.Tensor): tf.Tensor {
  const slope = tf.add(tf.mul(tf.square(x), 3 * CUBIC), SLOPE);
  const curve = tf.mul(tf.mul(tf.sub(1, gate), x), slope);
  return tf.mul(dy, tf.mul(gate, tf.add(curve, 1)));
}
