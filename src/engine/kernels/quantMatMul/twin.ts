/** The linear layer and its gradients from stock ops. */
import * as tf from "@tensorflow/tfjs-core";

/** A low-rank adapter's tensors and scale: y += scale·(x·Aᵀ)·Bᵀ. */
export interface AdapterInputs {
  /** [r, in] */
  readonly a?: tf.Tensor;
  /** [out, r] */
  readonly b?: tf.Tensor;
}

/** What a backward pass is asked for. */
export interface Wanted {
  readonly wantsInput: boolean;
  readonly wantsAdapter: boolean;
}

/** @param weight [in, out] @returns [y [R, out]], and with an adapter low = scale·x·Aᵀ [R, r] */
export function multiply(
  { x, bias, a, b }: AdapterInputs & { readonly x: tf.Tensor; readonly bias: tf.Tensor },
  weight: tf.Tensor2D,
  scale: number,
): tf.Tensor[] {
  const base = tf.fused.matMul({ a: x as tf.Tensor2D, b: weight, bias: bias as tf.Tensor1D });
  if (!a || !b) return [base];
  const low = tf.mul(tf.matMul(x as tf.Tensor2D, tf.transpose(a) as tf.Tensor2D), scale) as tf.Tensor2D;
  return [tf.add(base, tf.matMul(low, tf.transpose(b) as tf.Tensor2D)), low];
}

/**
 * @param transposed Wᵀ [out, in], frozen
 * @returns of [dx [R, in], dA [r, in], dB [out, r]] those that are wanted
 */
export function multiplyGradients(
  {
    dy,
    x,
    low,
    a,
    b,
  }: AdapterInputs & { readonly dy: tf.Tensor; readonly x?: tf.Tensor; readonly low?: tf.Tensor },
  transposed: () => tf.Tensor2D,
  scale: number,
  { wantsInput, wantsAdapter }: Wanted,
): tf.Tensor[] {
  const upstream = dy as tf.Tensor2D;
  const dLow = a && b ? (tf.mul(tf.matMul(upstream, b as tf.Tensor2D), scale) as tf.Tensor2D) : null;
  const gradients: tf.Tensor[] = [];
  if (wantsInput) {
    const base = tf.matMul(upstream, transposed());
    gradients.push(dLow && a ? tf.add(base, tf.matMul(dLow, a as tf.Tensor2D)) : base);
  }
  if (wantsAdapter && dLow && x && low) {
    gradients.push(tf.matMul(dLow, x as tf.Tensor2D, true));
    // (lowᵀ·dy)ᵀ transposes two narrow matrices instead of the wide dy.
    gradients.push(tf.transpose(tf.matMul(low as tf.Tensor2D, upstream, true)));
  }
  return gradients;
}
