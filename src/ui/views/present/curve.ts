/** A curve on a stage: lines in a box of 100 by 100 that stretches, and names that keep their distance. Pure. */

const SIDE = 100;

const round = (value: number): number => Math.round(value * 100) / 100;

/**
 * An SVG path through all finite points; a gap begins anew.
 * @param xs [length] ascending
 * @param values [length] 0 to 1
 * @param end x at the right edge
 */
export function pathOf(xs: Float32Array, values: Float32Array, end: number): string {
  let isDown = false;
  const parts: string[] = [];
  for (const [at, value] of values.entries()) {
    if (Number.isNaN(value)) {
      isDown = false;
      continue;
    }
    const x = round(((xs[at] ?? 0) / end) * SIDE);
    parts.push(`${isDown ? "L" : "M"}${x} ${round((1 - value) * SIDE)}`);
    isDown = true;
  }
  return parts.join("");
}

/**
 * Heights of names beside the ends of their lines: as near as may be, apart, and inside.
 * @param values [names] 0 to 1
 * @param gap least distance, as a share of the height
 * @returns [names] distance from the top, 0 to 1
 */
export function placeNames(values: readonly number[], gap: number): number[] {
  const order = values.map((value, at) => ({ at, top: 1 - value })).sort((a, b) => a.top - b.top);
  for (let at = 1; at < order.length; at++) {
    const [above, here] = [order[at - 1], order[at]];
    if (!above || !here) continue;
    const overlap = gap - (here.top - above.top);
    if (overlap <= 0) continue;
    above.top -= overlap / 2;
    here.top += overlap / 2;
  }
  const tooLow = Math.max(0, (order.at(-1)?.top ?? 0) - 1);
  const tooHigh = Math.max(0, -(order[0]?.top ?? 0));
  const tops = Array.from(values, () => 0);
  for (const { at, top } of order) tops[at] = top - tooLow + tooHigh;
  return tops;
}
