/** SiLU-gated product from stock ops. */
import * as tf from "@tensorflow/tfjs-core";

/** @returns [silu(gate)·up] */
export function gateUp({ gate, up }: Readonly<Record<"gate" | "up", tf.Tensor>>): tf.Tensor[] {
  return [tf.mul(tf.mul(gate, tf.sigmoid(gate)), up)];
}

/** d/dg g·σ(g) = σ·(1 + (1 − σ)·g). @returns [dGate, dUp] */
export function gateUpGradients({
  gate,
  up,
  dy,
}: Readonly<Record<"gate" | "up" | "dy", tf.Tensor>>): tf.Tensor[] {
  const open = tf.sigmoid(gate);
  const slope = tf.mul(open, tf.add(tf.mul(tf.sub(1, open), gate), 1));
  return [tf.mul(tf.mul(dy, up), slope), tf.mul(dy, tf.mul(gate, open))];
}
