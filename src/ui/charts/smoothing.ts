/**
 * Exponential moving average with the start corrected: without the correction the first points lean towards zero.
 * NaN is passed over and stays NaN. The whole series is smoothed, so its past never changes as it grows.
 * @param weight share of the past, 0 (none) to < 1
 */
export function smooth(values: Float32Array, weight: number): Float32Array {
  const smoothed = new Float32Array(values.length);
  let sum = 0;
  let total = 0;
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? Number.NaN;
    if (Number.isNaN(value)) {
      smoothed[at] = Number.NaN;
      continue;
    }
    sum = weight * sum + (1 - weight) * value;
    total = weight * total + (1 - weight);
    smoothed[at] = sum / total;
  }
  return smoothed;
}
