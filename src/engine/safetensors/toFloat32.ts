/** Conversion of stored tensors of any numeric dtype to f32, and of f32 to bytes for the writer. */
import { decodeF16 } from "./float16.ts";
import { DTYPE_BYTES } from "./header.ts";
import type { SafetensorsEntry } from "./safetensors.ts";

type ReadNumber = (at: number) => number;

const bf16Bits = new DataView(new ArrayBuffer(4));

/** A bfloat16 is the upper half of an f32. */
function decodeBf16(bits: number): number {
  bf16Bits.setUint16(0, bits);
  return bf16Bits.getFloat32(0);
}

/** How one element is read at a byte offset. */
function elementReader(view: DataView, dtype: SafetensorsEntry["dtype"]): ReadNumber {
  switch (dtype) {
    case "F64":
      return (at) => view.getFloat64(at, true);
    case "F32":
      return (at) => view.getFloat32(at, true);
    case "F16":
      return (at) => decodeF16(view.getUint16(at, true));
    case "BF16":
      return (at) => decodeBf16(view.getUint16(at, true));
    case "I64":
      return (at) => Number(view.getBigInt64(at, true));
    case "I32":
      return (at) => view.getInt32(at, true);
    case "U32":
      return (at) => view.getUint32(at, true);
    case "I16":
      return (at) => view.getInt16(at, true);
    case "U16":
      return (at) => view.getUint16(at, true);
    case "I8":
      return (at) => view.getInt8(at);
    default:
      return (at) => view.getUint8(at);
  }
}

/**
 * A fresh f32 copy of a stored tensor, row major. 64-bit and 32-bit integers above 2^24 are rounded.
 * @returns [product of shape]
 */
export function toFloat32(entry: SafetensorsEntry): Float32Array {
  const elements = entry.shape.reduce((product, size) => product * size, 1);
  const out = new Float32Array(elements);
  if (entry.dtype === "F32") {
    // A plain copy: every platform with WebGPU or wasm is little-endian, as the file is.
    new Uint8Array(out.buffer).set(entry.data);
    return out;
  }
  const view = new DataView(entry.data.buffer, entry.data.byteOffset, entry.data.byteLength);
  const read = elementReader(view, entry.dtype);
  const step = DTYPE_BYTES[entry.dtype];
  for (let index = 0; index < elements; index++) out[index] = read(index * step);
  return out;
}

/** Wraps f32 values as an F32 entry; the bytes are a copy. */
export function fromFloat32(values: Float32Array, shape: readonly number[]): SafetensorsEntry {
  const data = new Uint8Array(values.length * 4);
  const view = new DataView(data.buffer);
  for (let index = 0; index < values.length; index++) view.setFloat32(index * 4, values[index] ?? 0, true);
  return { dtype: "F32", shape, data };
}
