/** Random Show-o files in the ways that packing must take, and the f32 twin of a packed one. */
import { dequantiseMatrix } from "../../../quant/quantiseMatrix.ts";
import { expandInt8Rows } from "../../../safetensors/int8Rows.ts";
import type { SafetensorsEntry } from "../../../safetensors/safetensors.ts";
import { fromFloat32, toFloat32 } from "../../../safetensors/toFloat32.ts";
import { type PackedFormat, packMatrices } from "../packing.ts";
import { listShowoParameters } from "../weights.ts";
import { randomShowoConfig, randomShowoTensors } from "./randomShowo.ts";

const shapes = listShowoParameters(randomShowoConfig);

/** The random Show-o with every matrix as shipped models store it: int8 with a scale a row. */
export function int8RowTensors(): Map<string, SafetensorsEntry> {
  const tensors = new Map<string, SafetensorsEntry>();
  for (const [name, entry] of randomShowoTensors()) {
    const [rows = 0, width] = entry.shape;
    if (width === undefined) {
      tensors.set(name, entry);
      continue;
    }
    const values = toFloat32(entry);
    const scales = Float32Array.from({ length: rows }, (_, row) => {
      return Math.max(...values.subarray(row * width, (row + 1) * width).map(Math.abs)) / 127;
    });
    const integers = Int8Array.from(values, (value, at) =>
      Math.round(value / (scales[Math.floor(at / width)] ?? 1)),
    );
    tensors.set(name, { dtype: "I8", shape: entry.shape, data: new Uint8Array(integers.buffer) });
    tensors.set(`${name}.scale`, fromFloat32(scales, [rows]));
  }
  return tensors;
}

/** The same network in f32: every matrix by the values that its packed words stand for. */
export function unpackedTensors(
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  format: PackedFormat,
): Map<string, SafetensorsEntry> {
  const unpacked = expandInt8Rows(new Map(tensors));
  for (const [name, matrix] of packMatrices(shapes, tensors, format)) {
    unpacked.set(name, fromFloat32(dequantiseMatrix(matrix), [matrix.outSize, matrix.inSize]));
  }
  return unpacked;
}
