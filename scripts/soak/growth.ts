/** Whether something grows with the steps of a run: a robust line through what was measured, and what is allowed. Pure. */

export interface Sample {
  /** Finished steps. */
  readonly step: number;
  readonly value: number;
}

/**
 * The median slope of all pairs of samples (Theil and Sen, 1968): a late garbage collection or a page that was read
 * in the middle of a step moves it little.
 * @returns units of the value per step; 0 with fewer than two steps
 */
export function slopeOf(samples: readonly Sample[]): number {
  const slopes = samples
    .flatMap((a, at) =>
      samples
        .slice(at + 1)
        .flatMap((b) => (a.step === b.step ? [] : [(b.value - a.value) / (b.step - a.step)])),
    )
    .sort((a, b) => a - b);
  const middle = slopes.length / 2;
  if (slopes.length === 0) return 0;
  const upper = slopes[Math.floor(middle)] ?? 0;
  return Number.isInteger(middle) ? (upper + (slopes[middle - 1] ?? 0)) / 2 : upper;
}

export interface Growth {
  readonly first: number;
  readonly last: number;
  readonly steps: number;
  readonly per1000: number;
  /** More than is allowed, or nothing could be told. */
  readonly isTooMuch: boolean;
}

/** Samples of the beginning do not count: caches fill and functions are compiled. */
const WARM_UP_SHARE = 0.25;
/** Fewer points make no line. */
export const FEWEST_SAMPLES = 6;

/** @param allowed units per 1000 steps */
export function judgeGrowth(samples: readonly Sample[], allowed: number): Growth {
  const counted = samples.slice(Math.floor(samples.length * WARM_UP_SHARE));
  const [first, last] = [counted[0], counted.at(-1)];
  const steps = (last?.step ?? 0) - (first?.step ?? 0);
  const per1000 = slopeOf(counted) * 1000;
  const isKnown = counted.length >= FEWEST_SAMPLES && steps > 0;
  return {
    first: first?.value ?? Number.NaN,
    last: last?.value ?? Number.NaN,
    steps,
    per1000,
    isTooMuch: !isKnown || !(per1000 <= allowed),
  };
}
