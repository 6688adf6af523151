/**
 * The losses of scored tokens, GRPO's and SFT's, with their slopes, and their means over samples, from stock ops.
 * Every formula gives a value and its derivative by the token's log-prob l.
 */
import * as tf from "@tensorflow/tfjs-core";

/** Value of each token, and its derivative by the log-prob; both [B, T]. */
export interface Slope {
  readonly value: tf.Tensor;
  readonly slope: tf.Tensor;
}

/** How far the ratio to the old policy counts, below and above 1. */
export interface ClipRange {
  readonly low: number;
  readonly high: number;
}

/** Tokens of B samples, T to a sample. */
export interface ScoredTokens<T = tf.Tensor> {
  /** Natural log-probs l [B, T]. */
  readonly logProbs: T;
  /** [B, T], 1 where a token counts, else 0. */
  readonly weights: T;
  /** [B]: weighted advantages (GRPO) or strengths (SFT). */
  readonly signals: T;
  /** [B, T] log-probs of the reference; none: no KL. */
  readonly reference?: T;
  /** [B, T] log-probs of the policy that drew the samples; none: it is the learner itself. */
  readonly old?: T;
}

export interface TokenLossOptions {
  readonly objective: "grpo" | "sft";
  /** β */
  readonly klWeight: number;
  /** Of the ratio; read where there is an old policy. */
  readonly clip: ClipRange;
  /** Factor on the sum of the samples' means. */
  readonly share: number;
}

/** ρ = exp(l − l_old). */
const ratioTo = (logProbs: tf.Tensor, old: tf.Tensor) => tf.exp(tf.sub(logProbs, old));

/**
 * GRPO: −min(ρ·A, clip(ρ, 1 − low, 1 + high)·A). Without an old policy it is the learner itself: ρ is 1 in value, its
 * derivative is REINFORCE's −A, and clipping would never act. Source: spec/unirl.md 4.2 and 10.4.
 * @param advantages A [B, 1]
 */
export function policyTerm(
  logProbs: tf.Tensor,
  advantages: tf.Tensor,
  old: tf.Tensor | undefined,
  { low, high }: ClipRange,
): Slope {
  if (!old) {
    const value = tf.mul(tf.onesLike(logProbs), tf.neg(advantages));
    return { value, slope: value };
  }
  const ratio = ratioTo(logProbs, old);
  const pushed = tf.mul(ratio, advantages);
  const held = tf.mul(tf.clipByValue(ratio, 1 - low, 1 + high), advantages);
  const isPushed = tf.cast(tf.lessEqual(pushed, held), "float32");
  return { value: tf.neg(tf.minimum(pushed, held)), slope: tf.neg(tf.mul(pushed, isPushed)) };
}

/** SFT: −c·l. Source: spec/unirl.md 3.2, 3.3. @param strengths c [B, 1] */
export function likelihoodTerm(logProbs: tf.Tensor, strengths: tf.Tensor): Slope {
  const slope = tf.mul(tf.onesLike(logProbs), tf.neg(strengths));
  return { value: tf.mul(logProbs, slope), slope };
}

/**
 * k3 = exp(ref − l) − (ref − l) − 1: unbiased for KL(policy ‖ reference) on the policy's own samples, never negative,
 * 0 where both agree. Source: Schulman, "Approximating KL divergence" (k3); spec/unirl.md 4.2.
 */
export function k3(logProbs: tf.Tensor, reference: tf.Tensor): Slope {
  const difference = tf.sub(reference, logProbs);
  const ratio = tf.exp(difference);
  return { value: tf.sub(tf.sub(ratio, difference), 1), slope: tf.sub(1, ratio) };
}

/** 1 where a token's ratio lies outside [1 − low, 1 + high]. */
export function isClipped(logProbs: tf.Tensor, old: tf.Tensor, { low, high }: ClipRange): tf.Tensor {
  const ratio = ratioTo(logProbs, old);
  return tf.cast(tf.logicalOr(tf.less(ratio, 1 - low), tf.greater(ratio, 1 + high)), "float32");
}

/** What each token counts in the sum of the samples' means: w / Σ_t w; a sample without tokens counts nothing. */
export function meanWeights(weights: tf.Tensor): tf.Tensor {
  return tf.div(weights, tf.maximum(tf.sum(weights, 1, true), 1));
}

/** @returns the loss [], the sums of loss, k3, l and clipped tokens [4], and the loss' slopes [B, T] */
export function tokenLossTwin(
  { logProbs, weights, signals, reference, old }: ScoredTokens,
  { objective, klWeight, clip, share }: TokenLossOptions,
): tf.Tensor[] {
  const signal = tf.expandDims(signals, 1);
  const counts = tf.mul(meanWeights(weights), share);
  const total = (values: tf.Tensor) => tf.sum(tf.mul(values, counts));
  const pushed =
    objective === "sft" ? likelihoodTerm(logProbs, signal) : policyTerm(logProbs, signal, old, clip);
  const distance = reference ? k3(logProbs, reference) : null;
  const pulled = (of: keyof Slope) =>
    distance ? tf.add(pushed[of], tf.mul(distance[of], klWeight)) : pushed[of];
  const loss = total(pulled("value"));
  const none = tf.scalar(0);
  const sums = [
    loss,
    distance ? total(distance.value) : none,
    total(logProbs),
    old ? total(isClipped(logProbs, old, clip)) : none,
  ];
  return [loss, tf.stack(sums), tf.mul(pulled("slope"), counts)];
}
