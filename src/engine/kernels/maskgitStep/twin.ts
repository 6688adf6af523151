/** A MaskGIT decoding step and the ids of codes, from stock ops. */
import * as tf from "@tensorflow/tfjs-core";

/** Confidence of codes that are already decided: log of the largest f32. */
export const KNOWN_LOG_CONFIDENCE = Math.log(3.4028234663852886e38);
/** Log of the least probability that is told from others. */
export const MIN_LOG_CONFIDENCE = Math.log(1e-20);

export interface StepInputs {
  /** [B, N, K] */
  readonly logits: tf.Tensor;
  /** int32 [B, N] */
  readonly codes: tf.Tensor;
  /** [B, N] */
  readonly uniforms: tf.Tensor;
  /** [B, N] */
  readonly gumbel: tf.Tensor;
  /** int32 [B] */
  readonly faults: tf.Tensor;
}

/** A step's numbers, the same for all images. */
export interface StepNumbers {
  /** τ of this step. */
  readonly temperature: number;
  /** Codes that the schedule keeps hidden; may be negative. */
  readonly scheduledHidden: number;
}

/** @returns drawn codes [B, N], log-probabilities [B, N], and which rows are broken [B, N] */
function drawTwin(logits: tf.Tensor, uniforms: tf.Tensor) {
  const size = logits.shape[2] ?? 1;
  const shifted = tf.sub(logits, tf.max(logits, 2, true));
  const sums = tf.cumsum(tf.exp(shifted), 2);
  const total = tf.slice(sums, [0, 0, size - 1], [-1, -1, 1]);
  // The first code whose cumulative sum exceeds the target has as many before it that do not.
  const isPassed = tf.lessEqual(sums, tf.mul(total, tf.expandDims(uniforms, 2)));
  const drawn = tf.minimum(tf.sum(tf.cast(isPassed, "int32"), 2), tf.scalar(size - 1, "int32"));
  const chosen = tf.cast(tf.oneHot(tf.cast(drawn, "int32"), size), "float32");
  // Codes of probability zero would turn the sum into NaN.
  const finite = tf.maximum(shifted, MIN_LOG_CONFIDENCE * 2);
  const logProbs = tf.sub(tf.sum(tf.mul(finite, chosen), 2), tf.log(tf.squeeze(total, [2])));
  const isBroken = tf.logicalNot(tf.isFinite(tf.squeeze(total, [2])));
  return { drawn: tf.cast(drawn, "int32"), logProbs, isBroken };
}

/** @returns [next codes [B, N], sampled [B, N], faults [B]], all int32 */
export function maskgitTwin(
  { logits, codes, uniforms, gumbel, faults }: StepInputs,
  { temperature, scheduledHidden }: StepNumbers,
): tf.Tensor[] {
  const isHidden = tf.less(codes, 0);
  const { drawn, logProbs, isBroken } = drawTwin(logits, uniforms);
  const isFaulty = tf.logicalAnd(isBroken, isHidden);
  const least = tf.fill(codes.shape, MIN_LOG_CONFIDENCE);
  const certainty = tf.where(isFaulty, least, tf.maximum(logProbs, MIN_LOG_CONFIDENCE));
  const known = tf.fill(codes.shape, KNOWN_LOG_CONFIDENCE);
  const scores = tf.add(tf.where(isHidden, certainty, known), tf.mul(gumbel, temperature));
  const hidden = tf.fill(codes.shape, -1, "int32");
  const sampled = tf.where(isFaulty, hidden, tf.where(isHidden, drawn, codes));
  const unknown = tf.sum(tf.cast(isHidden, "int32"), 1, true);
  const limit = tf.minimum(tf.sub(unknown, tf.scalar(1, "int32")), tf.scalar(scheduledHidden, "int32"));
  const count = tf.maximum(limit, tf.scalar(1, "int32"));
  const atMost = tf.lessEqual(tf.expandDims(scores, 1), tf.expandDims(scores, 2));
  const isUncertain = tf.lessEqual(tf.sum(tf.cast(atMost, "int32"), 2), count);
  const anyFault = tf.cast(tf.any(isFaulty, 1), "int32");
  return [tf.where(isUncertain, hidden, sampled), sampled, tf.maximum(faults, anyFault)];
}

/** Token ids of an image's rows. */
export interface ImageIds {
  /** Of code 0. */
  readonly offset: number;
  /** Of a hidden code. */
  readonly mask: number;
  /** Of the marker before the codes. */
  readonly before: number;
  /** Of the marker behind the codes. */
  readonly after: number;
}

/** @param codes int32 [B, N] @returns int32 [B, N + 2] */
export function imageIdsTwin(codes: tf.Tensor, { offset, mask, before, after }: ImageIds): tf.Tensor {
  const [images = 0, tokens = 0] = codes.shape;
  const marker = (id: number) => tf.fill([images, 1], id, "int32") as tf.Tensor2D;
  const shifted = tf.add(codes, tf.scalar(offset, "int32"));
  const shown = tf.where(tf.less(codes, 0), tf.fill([images, tokens], mask, "int32"), shifted) as tf.Tensor2D;
  return tf.concat([marker(before), shown, marker(after)], 1);
}
