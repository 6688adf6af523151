/** How far one list of numbers is from another. */

/** Largest |a − b| over the largest |b|; infinite where either holds a NaN. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [error, largest] = [0, 1e-30];
  for (let at = 0; at < expected.length; at++) {
    const [a = Number.NaN, b = Number.NaN] = [actual[at], expected[at]];
    // A NaN must not hide behind a comparison that it never wins.
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.POSITIVE_INFINITY;
    error = Math.max(error, Math.abs(a - b));
    largest = Math.max(largest, Math.abs(b));
  }
  return error / largest;
}
