/** Uncertainty of measured shares and means: 95 % intervals. */
import type { Rng } from "../rng.ts";

/** A measured number with its 95 % interval. */
export interface Estimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** How many independent observations are behind it. */
  readonly count: number;
}

/** Two-sided 95 % quantile of the standard normal distribution. */
const Z_95 = 1.959964;
const RESAMPLES = 2000;

/**
 * Share of successes with Wilson's score interval: stays inside [0, 1] and honest at 0 and 1.
 * An empty sample says nothing: NaN between 0 and 1.
 *
 * Source: Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
 */
export function estimateShare(successes: number, count: number): Estimate {
  if (count === 0) return { mean: Number.NaN, low: 0, high: 1, count };
  const share = successes / count;
  const z2 = Z_95 ** 2 / count;
  const centre = (share + z2 / 2) / (1 + z2);
  const half = (Z_95 / (1 + z2)) * Math.sqrt((share * (1 - share)) / count + z2 / (4 * count));
  return { mean: share, low: Math.max(0, centre - half), high: Math.min(1, centre + half), count };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Mean with a percentile bootstrap interval over 2000 resamples.
 * @param values independent observations; average what is correlated first (the images of one prompt)
 * @param rng draws the resamples
 */
export function estimateMean(values: readonly number[], rng: Rng): Estimate {
  const count = values.length;
  if (count === 0) return { mean: Number.NaN, low: Number.NaN, high: Number.NaN, count };
  const means = Float64Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    for (let draw = 0; draw < count; draw++) sum += values[rng.int(count)] ?? 0;
    return sum / count;
  }).sort();
  const at = (share: number) => means[Math.round(share * (RESAMPLES - 1))] ?? Number.NaN;
  return { mean: meanOf(values), low: at(0.025), high: at(0.975), count };
}
