/** Round numbers along an axis. */

const STEPS = [1, 2, 5, 10];

/**
 * Multiples of 1, 2 or 5 times a power of ten within a range.
 * @param count about how many
 * @param isWhole whether the axis counts: then there is no half
 */
export function chooseTicks(from: number, to: number, count: number, isWhole = false): number[] {
  const span = to - from;
  if (!(span > 0) || !Number.isFinite(span)) return [from];
  const raw = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * (STEPS.find((candidate) => candidate * power >= raw * (1 - 1e-9)) ?? 10);
  const distance = isWhole ? Math.max(1, Math.round(step)) : step;
  const first = Math.ceil(from / distance - 1e-9);
  const last = Math.floor(to / distance + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, at) => (first + at) * distance);
}

/** As many decimals as the distance between ticks needs. */
export function formatTick(value: number, ticks: readonly number[]): string {
  const distance = (ticks[1] ?? 1) - (ticks[0] ?? 0);
  const decimals = Math.max(0, Math.ceil(-Math.log10(distance) - 1e-9));
  return (decimals > 4 ? value.toExponential(0) : value.toFixed(decimals)).replace("-", "\u2212");
}
