/** Conversion of stored tensors of any numeric dtype to f32, and of f32 to bytes for the writer. */
import { EngineError } from "../errors.ts";
import type { SafetensorsEntry } from "./safetensors.ts";

/** Powers of two by f16 exponent field, so that decoding needs no `Math.pow` per value. */
const F16_SCALES = Float64Array.from({ length: 32 }, (_, exponent) => 2 ** (Math.max(exponent, 1) - 25));

/** Decodes one IEEE half: sign, 5 bits of exponent, 10 bits of fraction. */
function decodeF16(bits: number): number {
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (F16_SCALES[exponent] ?? 0) * (exponent === 0 ? fraction : fraction + 1024);
}

function decode(view: DataView, dtype: SafetensorsEntry["dtype"], out: Float32Array): void {
  const fill = (step: number, read: (at: number) => number) => {
    for (let index = 0; index < out.length; index++) out[index] = read(index * step);
  };
  switch (dtype) {
    case "F32":
      return fill(4, (at) => view.getFloat32(at, true));
    case "F16":
      return fill(2, (at) => decodeF16(view.getUint16(at, true)));
    case "BF16": {
      const words = new Uint32Array(out.buffer, out.byteOffset, out.length);
      for (let index = 0; index < words.length; index++) words[index] = view.getUint16(index * 2, true) << 16;
      return;
    }
    case "F64":
      return fill(8, (at) => view.getFloat64(at, true));
    case "I64":
      return fill(8, (at) => Number(view.getBigInt64(at, true)));
    case "I32":
      return fill(4, (at) => view.getInt32(at, true));
    case "U32":
      return fill(4, (at) => view.getUint32(at, true));
    case "I16":
      return fill(2, (at) => view.getInt16(at, true));
    case "U16":
      return fill(2, (at) => view.getUint16(at, true));
    case "I8":
      return fill(1, (at) => view.getInt8(at));
    case "U8":
    case "BOOL":
      return fill(1, (at) => view.getUint8(at));
    default:
      throw new EngineError("badInput", `The dtype ${String(dtype satisfies never)} has no f32 form.`);
  }
}

/**
 * A fresh f32 copy of a stored tensor, row major. 64-bit and 32-bit integers above 2^24 are rounded.
 * @returns [product of shape]
 */
export function toFloat32(entry: SafetensorsEntry): Float32Array {
  const elements = entry.shape.reduce((product, size) => product * size, 1);
  const out = new Float32Array(elements);
  const view = new DataView(entry.data.buffer, entry.data.byteOffset, entry.data.byteLength);
  decode(view, entry.dtype, out);
  return out;
}

/** Wraps f32 values as an F32 entry; the bytes are a copy. */
export function fromFloat32(values: Float32Array, shape: readonly number[]): SafetensorsEntry {
  const data = new Uint8Array(values.length * 4);
  const view = new DataView(data.buffer);
  for (let index = 0; index < values.length; index++) view.setFloat32(index * 4, values[index] ?? 0, true);
  return { dtype: "F32", shape, data };
}
