/**
 * Small models ship their matrices as int8 with one scale per row: `x` I8 [rows, …] beside `x.scale` F32 [rows]
 * means x = int8 · scale. This halves an f16 download; arithmetic stays f32. Written by pretrain's export.
 */
import { EngineError } from "../errors.ts";
import type { SafetensorsEntry, SafetensorsFile } from "./safetensors.ts";
import { fromFloat32, toFloat32 } from "./toFloat32.ts";

const SCALE_SUFFIX = ".scale";

function expandRows(
  name: string,
  entry: SafetensorsEntry,
  scale: SafetensorsEntry | undefined,
): SafetensorsEntry {
  const rows = entry.shape[0] ?? 0;
  if (scale?.dtype !== "F32" || scale.shape.length !== 1 || scale.shape[0] !== rows) {
    throw new EngineError(
      "fileCorrupt",
      `The int8 tensor ${name} needs ${name}${SCALE_SUFFIX} with ${rows} f32 values. Export the model again.`,
      { tensor: name, rows },
    );
  }
  const values = toFloat32(entry);
  const scales = toFloat32(scale);
  const width = rows === 0 ? 0 : values.length / rows;
  for (let i = 0; i < values.length; i++) {
    values[i] = (values[i] ?? 0) * (scales[Math.floor(i / width)] ?? 0);
  }
  return fromFloat32(values, entry.shape);
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
        entry.dtype === "I8" ? expandRows(name, entry, tensors.get(name + SCALE_SUFFIX)) : entry,
      ]),
  );
}
