/** AdamW and its sums over many tensors from stock ops. */
import * as tf from "@tensorflow/tfjs-core";
import type { Packing } from "./packing.ts";

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** λ, per unit of learning rate. */
  readonly weightDecay: number;
}

/** One update's numbers. */
export interface AdamWStep {
  /** 1 for the first update. */
  readonly update: number;
  readonly learningRate: number;
  readonly options: AdamWOptions;
}

/**
 * One AdamW update of one tensor. Pure; all tensors share one shape; the caller owns the three results.
 * m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², θ ← θ − lr·(m̂/(√v̂ + ε) + λθ), hats being bias-corrected.
 * Source: Loshchilov and Hutter, "Decoupled weight decay regularization", algorithm 2, with a constant schedule.
 */
export function adamWUpdate(
  current: {
    readonly parameter: tf.Tensor;
    readonly gradient: tf.Tensor;
    readonly first: tf.Tensor;
    readonly second: tf.Tensor;
  },
  { update, learningRate, options: { beta1, beta2, epsilon, weightDecay } }: AdamWStep,
): { parameter: tf.Tensor; first: tf.Tensor; second: tf.Tensor } {
  return tf.tidy(() => {
    const { parameter, gradient } = current;
    const first = tf.add(tf.mul(current.first, beta1), tf.mul(gradient, 1 - beta1));
    const second = tf.add(tf.mul(current.second, beta2), tf.mul(tf.square(gradient), 1 - beta2));
    const firstHat = tf.div(first, 1 - beta1 ** update);
    const secondHat = tf.div(second, 1 - beta2 ** update);
    const direction = tf.div(firstHat, tf.add(tf.sqrt(secondHat), epsilon));
    const decayed = weightDecay === 0 ? direction : tf.add(direction, tf.mul(parameter, weightDecay));
    return { parameter: tf.sub(parameter, tf.mul(decayed, learningRate)), first, second };
  });
}

/** @param tensors [S], absent ones count as zeros @returns sum + tensors [P] */
export function addTwin(
  sum: tf.Tensor,
  packing: Packing,
  tensors: readonly (tf.Tensor | undefined)[],
): tf.Tensor {
  const parts = packing.segments.map(({ size }, at) => {
    const tensor = tensors[at];
    return tensor ? tf.reshape(tensor, [size]) : tf.zeros([size]);
  });
  return tf.add(sum, tf.concat(parts));
}

/** @returns `packed` with the stretch from `offset` on replaced by the values, of its shape */
export function overwriteTwin(packed: tf.Tensor, offset: number, values: tf.Tensor): tf.Tensor {
  const flat = tf.reshape(packed, [packed.size]);
  const end = offset + values.size;
  const before = tf.slice(flat, [0], [offset]);
  const after = tf.slice(flat, [end], [packed.size - end]);
  return tf.reshape(tf.concat([before, tf.reshape(values, [values.size]), after]), packed.shape);
}

/** @param packed [P] @returns Σ x² of every segment [S] */
export function squaredNormsTwin(packed: tf.Tensor, { segments }: Packing): tf.Tensor {
  return tf.stack(segments.map(({ offset, size }) => tf.sum(tf.square(tf.slice(packed, [offset], [size])))));
}

/** Neighbouring segments that are all updated, or all left alone. */
interface Stretch {
  readonly isReached: boolean;
  /** Segments first ≤ at < end. */
  readonly first: number;
  end: number;
}

function stretchesOf(reached: readonly boolean[]): Stretch[] {
  const stretches: Stretch[] = [];
  for (const [at, isReached] of reached.entries()) {
    const last = stretches.at(-1);
    if (last?.isReached === isReached) last.end = at + 1;
    else stretches.push({ isReached, first: at, end: at + 1 });
  }
  return stretches;
}

/**
 * @param parameters [S] @param gradients [P], already scaled @param moments [2, P] @param reached [S]: who has a gradient
 * @returns parameters [S] and moments [2, P] after the update
 */
export function adamWTwin(
  packing: Packing,
  parameters: readonly tf.Tensor[],
  gradients: tf.Tensor,
  moments: tf.Tensor,
  reached: readonly boolean[],
  step: AdamWStep,
): { parameters: tf.Tensor[]; moments: tf.Tensor } {
  const written: tf.Tensor[] = [...parameters];
  const parts = stretchesOf(reached).map(({ isReached, first, end }) => {
    const segments = packing.segments.slice(first, end);
    const start = segments[0]?.offset ?? 0;
    const size = segments.reduce((total, segment) => total + segment.size, 0);
    const own = tf.slice(moments, [0, start], [2, size]);
    if (!isReached) return own;
    const row = (at: number) => tf.reshape(tf.slice(own, [at, 0], [1, size]), [size]);
    const flat = parameters.slice(first, end).map((parameter) => tf.reshape(parameter, [parameter.size]));
    const gradient = tf.slice(gradients, [start], [size]);
    const current = { parameter: tf.concat(flat), gradient, first: row(0), second: row(1) };
    const next = adamWUpdate(current, step);
    for (const [at, { offset, size: length, shape }] of segments.entries()) {
      written[first + at] = tf.reshape(tf.slice(next.parameter, [offset - start], [length]), [...shape]);
    }
    return tf.stack([next.first, next.second]);
  });
  return { parameters: written, moments: tf.concat(parts, 1) };
}
