/** IEEE half precision: sign, 5 bits of exponent, 10 bits of fraction. */

/** Powers of two by exponent field, so that decoding needs no `Math.pow` per value. */
const SCALES = Float64Array.from({ length: 32 }, (_, exponent) => 2 ** (Math.max(exponent, 1) - 25));

const LARGEST = 65504;
const SMALLEST_NORMAL = 2 ** -14;
const SMALLEST = 2 ** -24;

/** @param bits 16 of them */
export function decodeF16(bits: number): number {
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (SCALES[exponent] ?? 0) * (exponent === 0 ? fraction : fraction + 1024);
}

function roundHalfEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  if (rest !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}

/** The nearest half, ties to even; what is too large becomes infinite. @returns 16 bits */
export function encodeF16(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size < SMALLEST_NORMAL) return sign + roundHalfEven(size / SMALLEST);
  // 16 above the largest is the first value that rounds away from it.
  if (size >= LARGEST + 16) return sign + 0x7c00;
  const exponent = Math.floor(Math.log2(size));
  // The logarithm may be one off beside a power of two.
  const power = 2 ** exponent > size ? exponent - 1 : 2 ** (exponent + 1) <= size ? exponent + 1 : exponent;
  // A fraction that rounds up to 2 carries into the exponent by itself.
  return sign + (power + 14) * 1024 + roundHalfEven((size / 2 ** power) * 1024);
}
