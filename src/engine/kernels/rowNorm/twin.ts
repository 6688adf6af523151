/** Normalisation of rows from stock ops. */
import * as tf from "@tensorflow/tfjs-core";

/** "layer" takes the mean away and divides by the deviation; "rms" only divides by the root of the mean square. */
export type NormKind = "layer" | "rms";

/** @param x [R, D] @returns x̂ [R, D] and 1/σ [R, 1] */
export function standardise(
  x: tf.Tensor,
  kind: NormKind,
  epsilon: number,
): { xHat: tf.Tensor; inverse: tf.Tensor } {
  const level = kind === "layer" ? tf.sub(x, tf.mean(x, 1, true)) : x;
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(level), 1, true), epsilon));
  return { xHat: tf.mul(level, inverse), inverse };
}

/** @param weight [D] @param bias [D] or none @returns [y [R, D], x̂ [R, D], 1/σ [R, 1]] */
export function normalise(
  { x, weight, bias }: { readonly x: tf.Tensor; readonly weight: tf.Tensor; readonly bias?: tf.Tensor },
  { kind, epsilon }: { readonly kind: NormKind; readonly epsilon: number },
): tf.Tensor[] {
  const { xHat, inverse } = standardise(x, kind, epsilon);
  const scaled = tf.mul(xHat, weight);
  return [bias ? tf.add(scaled, bias) : scaled, xHat, inverse];
}

/** What comes back to a normalisation. */
export interface NormBackward<T = tf.Tensor> {
  /** The twin keeps x̂ [R, D] and 1/σ [R, 1], the shader x and each row's mean and 1/σ [R, 2]. */
  readonly rows: T;
  readonly statistics: T;
  readonly weight: T;
  /** [R, D] */
  readonly dy: T;
  /** [R, D], from a second reader. */
  readonly dyOther?: T;
  /** [R, D], from who read x itself. */
  readonly dSkip?: T;
}

/** @param rows x̂ @param statistics 1/σ @returns [dx], and dWeight and dBias when the weights learn */
export function normaliseGradients(
  { rows: xHat, statistics: inverse, weight, dy: first, dyOther, dSkip }: NormBackward,
  { kind, isTrainable }: { readonly kind: NormKind; readonly isTrainable: boolean },
): tf.Tensor[] {
  const dy = dyOther ? tf.add(first, dyOther) : first;
  const dHat = tf.mul(dy, weight);
  const along = tf.mean(tf.mul(dHat, xHat), 1, true);
  const level = kind === "layer" ? tf.sub(dHat, tf.mean(dHat, 1, true)) : dHat;
  const own = tf.mul(tf.sub(level, tf.mul(xHat, along)), inverse);
  const dx = dSkip ? tf.add(own, dSkip) : own;
  return isTrainable ? [dx, tf.sum(tf.mul(dy, xHat), 0), tf.sum(dy, 0)] : [dx];
}
