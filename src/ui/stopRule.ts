/** When a live run pauses by itself: nobody burns power for a curve that has stopped rising. The rule is pure. */
import type { MetricColumns } from "./stores/metricColumns.ts";

export const STOP_KINDS = ["never", "step", "minutes", "plateau"] as const;
export type StopKind = (typeof STOP_KINDS)[number];

export interface StopRule {
  readonly kind: StopKind;
  /** The last step; minutes of training; or steps without a rise of the reward. */
  readonly amount: number;
  /** Step after which it made the run pause; it does so once. */
  readonly reachedAt?: number;
}

export const NO_STOP: StopRule = { kind: "never", amount: 0 };

/** What a kind begins with, and how far it may be set. */
export const STOP_AMOUNTS: Readonly<Record<StopKind, { first: number; min: number; max: number }>> = {
  never: { first: 0, min: 0, max: 0 },
  step: { first: 200, min: 1, max: 1_000_000 },
  minutes: { first: 30, min: 1, max: 10_000 },
  plateau: { first: 50, min: 10, max: 10_000 },
};

/** A rise smaller than this is noise at the usual group sizes. */
const LEAST_RISE = 0.01;

const sum = (values: Float32Array): number =>
  values.reduce((total, value) => total + (Number.isNaN(value) ? 0 : value), 0);

const mean = (values: Float32Array): number => sum(values) / Math.max(1, values.length);

/** Whether the newest `window` rewards are on average no higher than as many before them. */
export function isFlat(rewards: Float32Array, window: number): boolean {
  if (rewards.length < 2 * window) return false;
  return mean(rewards.slice(-window)) - mean(rewards.slice(-2 * window, -window)) < LEAST_RISE;
}

/**
 * Whether it is time to brake. A command reaches a busy worker late, so for a last step that is known it is time one
 * step before.
 * @param step at work, counted from 1 @param columns of the steps before it
 */
export function isDue({ kind, amount, reachedAt }: StopRule, step: number, columns: MetricColumns): boolean {
  if (reachedAt !== undefined) return false;
  switch (kind) {
    case "never":
      return false;
    case "step":
      // Steps that pass while nobody looks are seen together.
      return step >= amount - 1;
    case "minutes":
      return sum(columns.column("stepSeconds")) >= 60 * amount;
    case "plateau":
      return isFlat(columns.column("rewardMean"), amount);
    default:
      return kind satisfies never;
  }
}

/** Whether a run that has braked may rest. @param finished steps */
export const mayRest = ({ kind, amount }: StopRule, finished: number): boolean =>
  kind !== "step" || finished >= amount;
