/**
 * `gelu_new`, the tanh approximation of GELU. Written with the logistic function, 0.5·(1 + tanh u) = σ(2u), because
 * tfjs's wasm backend vectorises σ and not tanh (20 times faster).
 *
 * Source: Hendrycks & Gimpel, arXiv 1606.08415; transformers `NewGELUActivation`.
 */
import * as tf from "@tensorflow/tfjs-core";
import { tapedOp } from "../kernels/tapedOp.ts";

/** 2·√(2/π): σ's argument is this times (x + 0.044715·x³). */
const SLOPE = 2 * Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715 * SLOPE;

/** x·σ(x·(c₁ + c₂·x²)). Taped. @param x any shape @returns same shape, owned by the caller */
export function geluNew<T extends tf.Tensor>(x: T): T {
  return tapedOp([x], () => {
    const gate = tf.sigmoid(tf.mul(x, tf.add(tf.mul(tf.square(x), CUBIC), SLOPE)));
    return {
      value: tf.mul(x, gate) as T,
      saved: [x, gate],
      backward: (dy, saved) => {
        const [savedX, savedGate] = saved as [tf.Tensor, tf.Tensor];
        // d/dx x·σ(w) = σ·(1 + (1 − σ)·x·w'), w' = c₁ + 3·c₂·x²
        const slope = tf.add(tf.mul(tf.square(savedX), 3 * CUBIC), SLOPE);
        const curve = tf.mul(tf.mul(tf.sub(1, savedGate), savedX), slope);
        return [tf.mul(dy, tf.mul(savedGate, tf.add(curve, 1)))];
      },
    };
  });
}
