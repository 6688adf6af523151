/**
 * Small models ship their matrices as int8 with one scale per row: `x` I8 [rows, …] beside `x.scale` F32 [rows]
 * means x = int8 · scale. This halves an f16 download. Written by pretrain's export.
 */
import { EngineError } from "../errors.ts";
import type { SafetensorsEntry, SafetensorsFile } from "./safetensors.ts";
import { fromFloat32, toFloat32 } from "./toFloat32.ts";

const SCALE_SUFFIX = ".scale";

/** Tensors to look up by name. */
export interface Entries {
  get(name: string): SafetensorsEntry | undefined;
}

/** An int8 tensor as it is stored. */
export interface Int8Rows {
  /** [rows · width], row major; shares the file's memory. */
  readonly values: Int8Array;
  /** [rows] */
  readonly scales: Float32Array;
}

/**
 * @returns the integers and scales of a tensor, null when it is none of int8
 * @throws EngineError("fileCorrupt") naming an int8 tensor without a matching scale
 */
export function readInt8Rows(tensors: Entries, name: string): Int8Rows | null {
  const entry = tensors.get(name);
  if (entry?.dtype !== "I8") return null;
  const scale = tensors.get(name + SCALE_SUFFIX);
  const rows = entry.shape[0] ?? 0;
  if (scale?.dtype !== "F32" || scale.shape.length !== 1 || scale.shape[0] !== rows) {
    throw new EngineError(
      "fileCorrupt",
      `The int8 tensor ${name} needs ${name}${SCALE_SUFFIX} with ${rows} f32 values. Export the model again.`,
      { tensor: name, rows },
    );
  }
  const { buffer, byteOffset, byteLength } = entry.data;
  return { values: new Int8Array(buffer, byteOffset, byteLength), scales: toFloat32(scale) };
}

/**
 * A tensor's values, whichever way they are stored.
 * @throws EngineError("fileCorrupt") naming an int8 tensor without a matching scale, or a tensor that is missing
 */
export function readValues(tensors: Entries, name: string): Float32Array {
  const entry = tensors.get(name);
  if (!entry) throw new EngineError("fileCorrupt", `The file has no tensor ${name}. Export the model again.`);
  const rows = readInt8Rows(tensors, name);
  if (!rows) return toFloat32(entry);
  const { values, scales } = rows;
  const out = new Float32Array(values.length);
  const width = values.length / scales.length;
  for (const [row, scale] of scales.entries()) {
    for (let at = row * width; at < (row + 1) * width; at++) out[at] = (values[at] ?? 0) * scale;
  }
  return out;
}

/**
 * Replaces every int8 tensor by its f32 values and drops the scales; other tensors pass through.
 * @throws EngineError("fileCorrupt") naming an int8 tensor without a matching scale
 */
export function expandInt8Rows(tensors: SafetensorsFile["tensors"]): SafetensorsFile["tensors"] {
  const isScale = (name: string): boolean =>
    name.endsWith(SCALE_SUFFIX) && tensors.get(name.slice(0, -SCALE_SUFFIX.length))?.dtype === "I8";
  return new Map(
    [...tensors]
      .filter(([name]) => !isScale(name))
      .map(([name, entry]) => [
        name,
        entry.dtype === "I8" ? fromFloat32(readValues(tensors, name), entry.shape) : entry,
      ]),
  );
}
