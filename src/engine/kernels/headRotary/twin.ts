/** Head norm and rotation from stock ops. */
import * as tf from "@tensorflow/tfjs-core";
import { normalise, normaliseGradients } from "../rowNorm/twin.ts";

/** x·matrix over the last axis. @param x [B, L, H, hd] */
function turnPairs(x: tf.Tensor, matrix: tf.Tensor): tf.Tensor {
  const headSize = matrix.shape[0] ?? 1;
  return tf.reshape(tf.matMul(tf.reshape(x, [-1, headSize]), matrix as tf.Tensor2D), x.shape);
}

export interface HeadInputs {
  /** [B·L, H·hd] */
  readonly x: tf.Tensor;
  /** [L, 1, hd] */
  readonly cos: tf.Tensor;
  readonly sin: tf.Tensor;
  /** [hd, hd] */
  readonly turn: tf.Tensor;
  /** [hd]; none: heads are not normalised. */
  readonly weight?: tf.Tensor;
  readonly bias?: tf.Tensor;
}

/** Splits rows into heads. @returns [B, L, H, hd] */
function splitHeads(x: tf.Tensor, { cos }: { readonly cos: tf.Tensor }): tf.Tensor {
  const [length = 1, , headSize = 1] = cos.shape;
  return tf.reshape(x, [-1, length, (x.shape[1] ?? 0) / headSize, headSize]);
}

/** @returns [y [B·L, H·hd]], and with a norm x̂ and 1/σ of each head */
export function turnHeads(inputs: HeadInputs, { epsilon }: { readonly epsilon: number }): tf.Tensor[] {
  const { x, cos, sin, turn, weight, bias } = inputs;
  const headSize = cos.shape[2] ?? 1;
  const flat = tf.reshape(x, [-1, headSize]);
  const [normed = flat, ...kept] =
    weight && bias ? normalise({ x: flat, weight, bias }, { kind: "layer", epsilon }) : [flat];
  const heads = splitHeads(tf.reshape(normed, x.shape), inputs);
  const y = tf.add(tf.mul(heads, cos), tf.mul(turnPairs(heads, turn), sin));
  return [tf.reshape(y, x.shape), ...kept];
}

/** @returns [dx [B·L, H·hd]], and with trainable weights their gradients */
export function turnHeadGradients(
  inputs: Readonly<Record<"dy" | "cos" | "sin" | "turnBack", tf.Tensor>> & {
    readonly weight?: tf.Tensor;
    readonly xHat?: tf.Tensor;
    readonly inverse?: tf.Tensor;
  },
  { isTrainable }: { readonly isTrainable: boolean },
): tf.Tensor[] {
  const { dy, cos, sin, turnBack, weight, xHat, inverse } = inputs;
  const upstream = splitHeads(dy, inputs);
  const dHeads = tf.add(tf.mul(upstream, cos), turnPairs(tf.mul(upstream, sin), turnBack));
  if (!weight || !xHat || !inverse) return [tf.reshape(dHeads, dy.shape)];
  const flat = tf.reshape(dHeads, [-1, cos.shape[2] ?? 1]);
  const [dx = flat, ...dWeights] = normaliseGradients(
    { rows: xHat, statistics: inverse, weight, dy: flat },
    { kind: "layer", isTrainable },
  );
  return [tf.reshape(dx, dy.shape), ...dWeights];
}
