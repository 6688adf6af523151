/** A 3×3 convolution with bias from stock ops. */
import * as tf from "@tensorflow/tfjs-core";

export interface ConvInputs {
  /** [B, H, W, I] */
  readonly x: tf.Tensor;
  /** [3, 3, I, O] */
  readonly filter: tf.Tensor;
  /** [O] */
  readonly bias: tf.Tensor;
}

/** @returns [y [B, H, W, O]] */
export function convTwin({ x, filter, bias }: ConvInputs): tf.Tensor[] {
  return [tf.add(tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, "same"), bias)];
}
