/** Which columns of a strip are in sight. Pure. */

export interface Window {
  readonly scrollLeft: number;
  readonly width: number;
}

/** Columns drawn beyond each edge, so that a quick scroll meets pictures. */
const SPARE = 3;

/**
 * First column to be drawn, and the one after the last.
 * @param pitch pixels from one column to the next
 */
export function visibleRange({ scrollLeft, width }: Window, pitch: number, count: number) {
  const from = Math.floor(scrollLeft / pitch) - SPARE;
  const to = Math.ceil((scrollLeft + width) / pitch) + SPARE;
  return { from: Math.max(0, Math.min(from, count)), to: Math.max(0, Math.min(to, count)) };
}
