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

/** The middle 95 % of what a statistic becomes over 2000 resamples. */
function bootstrapInterval(resample: () => number): Pick<Estimate, "low" | "high"> {
  const values = Float64Array.from({ length: RESAMPLES }, resample).sort();
  const at = (share: number) => values[Math.round(share * (RESAMPLES - 1))] ?? Number.NaN;
  return { low: at(0.025), high: at(0.975) };
}

/**
 * Mean with a percentile bootstrap interval over 2000 resamples.
 * @param values independent observations; average what is correlated first (the images of one prompt)
 * @param rng draws the resamples
 */
export function estimateMean(values: readonly number[], rng: Rng): Estimate {
  const count = values.length;
  if (count === 0) return { mean: Number.NaN, low: Number.NaN, high: Number.NaN, count };
  const interval = bootstrapInterval(() => {
    let sum = 0;
    for (let draw = 0; draw < count; draw++) sum += values[rng.int(count)] ?? 0;
    return sum / count;
  });
  return { mean: meanOf(values), ...interval, count };
}

/** Observations that belong together and are resampled together: their sum and how many they are. */
export interface Cluster {
  readonly sum: number;
  readonly count: number;
}

/** Mean over the observations of all clusters: a large cluster weighs more than a small one. */
function pooledMean(clusters: readonly Cluster[], pick: (index: number) => number): number {
  let sum = 0;
  let count = 0;
  for (let index = 0; index < clusters.length; index++) {
    const cluster = clusters[pick(index)];
    sum += cluster?.sum ?? 0;
    count += cluster?.count ?? 0;
  }
  return sum / count;
}

/**
 * Unweighted mean over strata of each stratum's pooled mean, with a percentile bootstrap interval that resamples whole
 * clusters within their stratum.
 * @param strata lists of clusters, none of them empty; one stratum gives a plain clustered mean
 * @param rng draws the resamples
 * @returns `count` is the number of clusters; NaN without strata
 */
export function estimateClusteredMean(strata: readonly (readonly Cluster[])[], rng: Rng): Estimate {
  const count = strata.reduce((total, clusters) => total + clusters.length, 0);
  if (count === 0) return { mean: Number.NaN, low: Number.NaN, high: Number.NaN, count };
  const interval = bootstrapInterval(() =>
    meanOf(strata.map((clusters) => pooledMean(clusters, () => rng.int(clusters.length)))),
  );
  return {
    mean: meanOf(strata.map((clusters) => pooledMean(clusters, (index) => index))),
    ...interval,
    count,
  };
}
