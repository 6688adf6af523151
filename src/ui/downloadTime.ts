/** How long a download will still take, from how fast it came lately. Pure. */

/** Bytes that had arrived at a moment. */
export interface Sample {
  readonly atMs: number;
  readonly bytes: number;
}

/** What came longer ago says little about now. */
const RECENT_MS = 5000;
/** Before this much time, and this share of all bytes, a rate is a guess. */
const ENOUGH_MS = 400;
const ENOUGH_SHARE = 0.01;

/** Samples with a new one; those too old to matter are dropped, but the last before the window stays. */
export function addSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  // Loading began anew, or another model.
  if (sample.bytes < (samples.at(-1)?.bytes ?? 0)) return [sample];
  const firstRecent = samples.findIndex(({ atMs }) => atMs >= sample.atMs - RECENT_MS);
  return [...samples.slice(Math.max(0, firstRecent < 0 ? samples.length - 1 : firstRecent - 1)), sample];
}

/** Seconds to go; null while that is not known. */
export function estimateSecondsLeft(samples: readonly Sample[], totalBytes: number): number | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.atMs - first.atMs < ENOUGH_MS) return null;
  if (last.bytes <= first.bytes || last.bytes < ENOUGH_SHARE * totalBytes) return null;
  const bytesPerMs = (last.bytes - first.bytes) / (last.atMs - first.atMs);
  return Math.max(0, totalBytes - last.bytes) / bytesPerMs / 1000;
}
