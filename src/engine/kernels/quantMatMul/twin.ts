/** The linear layer and its gradients from stock ops. */
import * as tf from "@tensorflow/tfjs-core";
import type { ProductVariant, WeightFormat } from "./operands.ts";

/** The weight is `weight` or else `packed` with `scales`; an adapter is `a` and `b`. */
export interface ForwardInputs<T = tf.Tensor> {
  /** [R, in] */
  readonly x: T;
  /** [in, out] */
  readonly weight?: T;
  /** int32 [out, wordsPerRow] */
  readonly packed?: T;
  /** int32 [out, scaleWordsPerRow] */
  readonly scales?: T;
  /** [out] */
  readonly bias?: T;
  /** [r, in] */
  readonly a?: T;
  /** [out, r] */
  readonly b?: T;
}

export interface BackwardInputs<T = tf.Tensor> extends Omit<ForwardInputs<T>, "x" | "bias"> {
  /** [R, out] */
  readonly dy: T;
  /** [R, in]; where the adapter learns */
  readonly x?: T;
  /** x·Aᵀ [R, r]; where the adapter learns */
  readonly low?: T;
}

/** Of both directions. */
export interface LinearAttributes {
  readonly format: WeightFormat;
  readonly inSize: number;
  readonly outSize: number;
  /** Of the adapter; 1 without one. */
  readonly scale: number;
  /** Gives dx. */
  readonly needsInput: boolean;
  /** Gives dA and dB. */
  readonly needsAdapter: boolean;
  /** The form of the product over many rows; null: the device's. */
  readonly variant: ProductVariant | null;
  /** For the twins, the weight as f32: [in, out] and [out, in], borrowed or of the surrounding tidy. */
  readonly dense: () => tf.Tensor;
  readonly transposed: () => tf.Tensor;
}

/** @returns y [R, out] and, with an adapter, x·Aᵀ [R, r] */
export function applyLinear(
  { x, bias, a, b }: ForwardInputs,
  { dense, scale }: LinearAttributes,
): tf.Tensor[] {
  const base = tf.fused.matMul({
    a: x as tf.Tensor2D,
    b: dense() as tf.Tensor2D,
    ...(bias ? { bias } : {}),
  });
  if (!a || !b) return [base];
  const low = tf.matMul(x, tf.transpose(a));
  return [tf.add(base, tf.matMul(low, tf.transpose(tf.mul(b, scale)))), low];
}

/** @returns of dx [R, in], dA [r, in], dB [out, r] those that are needed, in this order */
export function linearGradients(
  { dy, a, b, x, low }: BackwardInputs,
  { transposed, scale, needsInput, needsAdapter }: LinearAttributes,
): tf.Tensor[] {
  const dLow = b ? tf.matMul(dy, tf.mul(b, scale)) : null;
  const gradients: tf.Tensor[] = [];
  if (needsInput) {
    const base = tf.matMul(dy, transposed());
    gradients.push(a && dLow ? tf.add(base, tf.matMul(dLow, a)) : base);
  }
  if (needsAdapter && dLow && x && low) {
    gradients.push(tf.matMul(dLow, x, true));
    // (lowᵀ·dy)ᵀ transposes two narrow matrices instead of the wide dy.
    gradients.push(tf.transpose(tf.matMul(tf.mul(low, scale), dy, true)));
  }
  return gradients;
}
