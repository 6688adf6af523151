/** Group norm of images, with or without the swish that follows it, from stock ops. No tensor exceeds rank 4. */
import * as tf from "@tensorflow/tfjs-core";

export interface GroupNormInputs {
  /** [B, H, W, C] */
  readonly x: tf.Tensor;
  /** [C] */
  readonly weight: tf.Tensor;
  /** [C] */
  readonly bias: tf.Tensor;
}

export interface GroupNormSettings {
  /** G, divides C. */
  readonly groups: number;
  readonly epsilon: number;
  /** Whether y·sigmoid(y) follows. */
  readonly hasSwish: boolean;
}

/** Mean over positions and over the channels of a group. @param x [B, P, C] @returns [B, G, 1] */
function groupMean(x: tf.Tensor, groups: number): tf.Tensor {
  const [batch = 0, , channels = 0] = x.shape;
  return tf.mean(tf.reshape(tf.mean(x, 1), [batch, groups, channels / groups]), 2, true);
}

/** [B, G, 1] → [B, 1, C]: the value of its group for each channel. */
function spreadToChannels(values: tf.Tensor, channels: number): tf.Tensor {
  const [batch = 0, groups = 1] = values.shape;
  return tf.reshape(tf.tile(values, [1, 1, channels / groups]), [batch, 1, channels]);
}

/** The variance is taken of centred values: one pass over squares would lose digits in f32. @returns [y [B, H, W, C]] */
export function groupNormTwin(
  { x, weight, bias }: GroupNormInputs,
  { groups, epsilon, hasSwish }: GroupNormSettings,
): tf.Tensor[] {
  const [batch = 0, height = 0, width = 0, channels = 0] = x.shape;
  const flat = tf.reshape(x, [batch, height * width, channels]);
  const centred = tf.sub(flat, spreadToChannels(groupMean(flat, groups), channels));
  const variance = groupMean(tf.square(centred), groups);
  const inverse = spreadToChannels(tf.rsqrt(tf.add(variance, epsilon)), channels);
  const normal = tf.add(tf.mul(centred, tf.mul(inverse, weight)), bias);
  return [tf.reshape(hasSwish ? tf.mul(normal, tf.sigmoid(normal)) : normal, x.shape)];
}
