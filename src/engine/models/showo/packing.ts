/**
 * Show-o in few bits: which matrix is kept in which format, and how it gets there from its file. Norms and biases stay
 * f32: they are a thousandth of the numbers.
 */
import { EngineError } from "../../errors.ts";
import { packInt8Rows } from "../../quant/packInt8Rows.ts";
import {
  type MatrixSizes,
  type ModelFormat,
  QUANT_FORMATS,
  type QuantFormat,
  type QuantisedMatrix,
} from "../../quant/quantFormat.ts";
import { dequantiseMatrix, quantiseMatrix } from "../../quant/quantiseMatrix.ts";
import { type Entries, readInt8Rows, readValues } from "../../safetensors/int8Rows.ts";
import type { SafetensorsEntry } from "../../safetensors/safetensors.ts";

export type PackedFormat = Exclude<ModelFormat, "f32">;

/** Entries of a model.safetensors as they are stored; a converted one has its matrices packed already. */
export type StoredTensors = ReadonlyMap<string, SafetensorsEntry | QuantisedMatrix>;

function isPacked(stored: SafetensorsEntry | QuantisedMatrix | undefined): stored is QuantisedMatrix {
  return stored !== undefined && "packed" in stored;
}

export function shapeOf(stored: SafetensorsEntry | QuantisedMatrix): readonly number[] {
  return isPacked(stored) ? [stored.outSize, stored.inSize] : stored.shape;
}

/** Those that are not packed. */
function entriesOf(tensors: StoredTensors): Entries {
  return {
    get: (name) => {
      const stored = tensors.get(name);
      return isPacked(stored) ? undefined : stored;
    },
  };
}

/**
 * A tensor's values, whichever way it is stored.
 * @throws EngineError("fileCorrupt") as `readValues`
 */
export function storedValues(tensors: StoredTensors, name: string): Float32Array {
  const stored = tensors.get(name);
  return isPacked(stored) ? dequantiseMatrix(stored) : readValues(entriesOf(tensors), name);
}

export const EMBEDDING = "showo.model.embed_tokens.weight";
export const HEAD = "showo.lm_head.weight";

/**
 * Four bits are for the MLPs, two thirds of a block. Attention stays int8: number for number, four bits of it turn an
 * adapter's gradient two to four times as far as four bits of the MLPs, and with all of a block in four bits its cosine
 * with f32's falls below 0.98 (docs/RESULTS.md). So does the head, whose errors are errors of logits with no norm and no
 * later layer to even them out, and the table, a row of which is read as a whole: one scale a row is enough.
 */
export function formatOf(name: string, format: PackedFormat): QuantFormat {
  if (name === EMBEDDING) return "int8Row";
  return format === "int4" && name.includes(".mlp.") ? "int4" : "int8";
}

/**
 * What the file has in the wanted format stays as it is. Integers that it stores with a scale a row are kept as they are where eight bits are wanted: they would only be
 * rounded a second time.
 */
function packMatrix(
  tensors: StoredTensors,
  name: string,
  sizes: MatrixSizes,
  wanted: QuantFormat,
): QuantisedMatrix {
  const packed = tensors.get(name);
  if (isPacked(packed) && packed.format === wanted) return packed;
  const stored = QUANT_FORMATS[wanted].bits === 8 ? readInt8Rows(entriesOf(tensors), name) : null;
  return stored ? packInt8Rows(stored, sizes) : quantiseMatrix(storedValues(tensors, name), sizes, wanted);
}

/**
 * Packs every matrix of the file that belongs to the network.
 * @param shapes as `listShowoParameters` gives them @returns by original name
 * @throws EngineError("modelCorrupt") naming a matrix that cannot be packed
 */
export function packMatrices(
  shapes: ReadonlyMap<string, readonly number[]>,
  tensors: StoredTensors,
  format: PackedFormat,
): Map<string, QuantisedMatrix> {
  const matrices = new Map<string, QuantisedMatrix>();
  for (const [name, [outSize = 0, inSize]] of shapes) {
    if (inSize === undefined) continue;
    try {
      matrices.set(name, packMatrix(tensors, name, { outSize, inSize }, formatOf(name, format)));
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new EngineError("modelCorrupt", `${name} cannot be packed: ${why}`, { tensor: name }, { cause });
    }
  }
  return matrices;
}
