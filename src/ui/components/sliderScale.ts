/** Where a value sits on its slider: straight or in powers of ten; and how its number is written and read. */

export interface SliderRange {
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly isLog: boolean;
}

/** Positions of a logarithmic slider. */
const LOG_TICKS = 200;

/** Smallest positive value of a logarithmic slider; below it there is only `min`. */
const floorOf = (range: SliderRange): number => (range.min > 0 ? range.min : range.step);

/** Rounds to two significant digits, as fine as a hand on a slider means it. */
const roundToTwo = (value: number): number => Number(value.toPrecision(2));

/** Slider position of a value; logarithmic sliders use 0..200, others the value itself. */
export function toPosition(value: number, range: SliderRange): number {
  if (!range.isLog) return value;
  const low = floorOf(range);
  if (value < low) return 0;
  const first = range.min > 0 ? 0 : 1;
  return Math.round(first + ((LOG_TICKS - first) * Math.log(value / low)) / Math.log(range.max / low));
}

/** Value at a slider position. */
export function fromPosition(position: number, range: SliderRange): number {
  if (!range.isLog) return position;
  const low = floorOf(range);
  const first = range.min > 0 ? 0 : 1;
  if (position < first) return range.min;
  const share = (position - first) / (LOG_TICKS - first);
  return Math.min(range.max, roundToTwo(low * (range.max / low) ** share));
}

/** Attributes of the `<input type="range">`. */
export function rangeAttributes(range: SliderRange): { min: number; max: number; step: number } {
  return range.isLog
    ? { min: 0, max: LOG_TICKS, step: 1 }
    : { min: range.min, max: range.max, step: range.step };
}

/** "1e-4" for small numbers, plain digits otherwise. */
export function writeNumber(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential().replace(/\.?0+e/, "e");
  return String(Number(value.toPrecision(10)));
}

/** The number somebody typed, brought into the range; null when it is none. */
export function readNumber(text: string, range: SliderRange, isWhole: boolean): number | null {
  const cleaned = text.trim().replace(",", ".").replace("\u2212", "-");
  if (cleaned === "") return null;
  const typed = Number(cleaned);
  if (!Number.isFinite(typed)) return null;
  const value = isWhole ? Math.round(typed) : typed;
  return Math.min(range.max, Math.max(range.min, value));
}
