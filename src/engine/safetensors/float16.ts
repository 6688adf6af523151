/** IEEE half precision, bits to number and back. */

/** Powers of two by f16 exponent field, so that decoding needs no `Math.pow` per value. */
const F16_SCALES = Float64Array.from({ length: 32 }, (_, exponent) => 2 ** (Math.max(exponent, 1) - 25));

/** Decodes one IEEE half: sign, 5 bits of exponent, 10 bits of fraction. */
export function decodeF16(bits: number): number {
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (F16_SCALES[exponent] ?? 0) * (exponent === 0 ? fraction : fraction + 1024);
}

const f64 = new DataView(new ArrayBuffer(8));

/** Exponent of a finite magnitude as `decodeF16` counts it: 1 for subnormals. */
function exponentOf(magnitude: number): number {
  f64.setFloat64(0, magnitude);
  return Math.max(1, ((f64.getUint32(0) >>> 20) & 2047) - 1023 + 15);
}

function encode(value: number, round: (steps: number) => number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  if (Number.isNaN(value)) return 0x7e00;
  const magnitude = Math.abs(value);
  const exponent = exponentOf(magnitude);
  if (exponent > 30) return sign | 0x7c00;
  // Exact: a power of two scales f64 without rounding. A carry out of the fraction lands in the exponent, as it must.
  return sign | ((exponent - 1) * 1024 + round(magnitude / 2 ** (exponent - 25)));
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return below + (rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? 1 : 0);
}

/** The nearest half, ties to even; beyond 65,520 infinity. @returns its 16 bits */
export function encodeF16(value: number): number {
  return encode(value, roundToEven);
}

/** The smallest half whose magnitude is not below the value's. @returns its 16 bits */
export function encodeF16AwayFromZero(value: number): number {
  return encode(value, Math.ceil);
}
