/** Where the card of a stop stands: beside what is lit, inside the window. */

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

type Size = Pick<Box, "width" | "height">;
type Point = Pick<Box, "left" | "top">;

/** Between card and light, and around both. */
const GAP = 16;
/** The light is a little larger than what it lies on. */
const MARGIN = 6;

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value));

/** The part of a box that a window shows, with a margin. */
export function frame({ left, top, width, height }: Box, window: Size): Box {
  const [x, right] = [left - MARGIN, left + width + MARGIN].map((at) =>
    clamp(at, MARGIN, window.width - MARGIN),
  ) as [number, number];
  const [y, bottom] = [top - MARGIN, top + height + MARGIN].map((at) =>
    clamp(at, MARGIN, window.height - MARGIN),
  ) as [number, number];
  return { left: x, top: y, width: right - x, height: bottom - y };
}

/** So much of the card must find room beside the light; the rest of it may cover the light. */
const ENOUGH = 0.6;

/**
 * Right of the light, left, below or above, whichever has room first; else at an edge of the window where most of it
 * has; else over the light's lower right corner.
 */
export function place(card: Size, lit: Box | null, window: Size): Point {
  const last = { left: window.width - card.width - GAP, top: window.height - card.height - GAP };
  if (!lit) return { left: Math.max(GAP, last.left), top: Math.max(GAP, last.top) };
  const [right, bottom] = [lit.left + lit.width, lit.top + lit.height];
  const left = clamp(lit.left, GAP, Math.max(GAP, last.left));
  const top = clamp(lit.top, GAP, Math.max(GAP, last.top));
  if (right + GAP <= last.left) return { left: right + GAP, top };
  if (lit.left - GAP - card.width >= GAP) return { left: lit.left - GAP - card.width, top };
  if (bottom + GAP <= last.top) return { left, top: bottom + GAP };
  if (lit.top - GAP - card.height >= GAP) return { left, top: lit.top - GAP - card.height };
  if (window.width - right >= ENOUGH * card.width) return { left: Math.max(GAP, last.left), top };
  if (lit.left >= ENOUGH * card.width) return { left: GAP, top };
  return {
    left: clamp(right - card.width - GAP, GAP, Math.max(GAP, last.left)),
    top: clamp(bottom - card.height - GAP, GAP, Math.max(GAP, last.top)),
  };
}
