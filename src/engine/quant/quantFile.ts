/**
 * Packed matrices in safetensors: `<name>.packed` and `<name>.scales`, both I32 (the bits of the u32 words) of shape
 * [out, words a row], and one metadata text under `quantisation`:
 * `{"version": 1, "matrices": {"<name>": {"format": "int4", "groupSize": 32, "outSize": …, "inSize": …}}}`.
 */
import { z } from "zod";
import { EngineError } from "../errors.ts";
import type { TensorDescription } from "../safetensors/header.ts";
import type { SafetensorsEntry, SafetensorsFile } from "../safetensors/safetensors.ts";
import {
  layoutOf,
  type MatrixSizes,
  QUANT_FORMATS,
  type QuantFormat,
  type QuantisedMatrix,
} from "./quantFormat.ts";

/** Key of the metadata text. */
export const QUANTISATION_KEY = "quantisation";
/** Of the layout in quantFormat.ts; another number is refused. */
const VERSION = 1;

const count = z.number().int().min(1);
const Metadata = z.object({
  version: z.literal(VERSION),
  matrices: z.record(
    z.string(),
    z.object({
      format: z.enum(Object.keys(QUANT_FORMATS) as [QuantFormat, ...QuantFormat[]]),
      groupSize: count,
      outSize: count,
      inSize: count,
    }),
  ),
});

function corrupt(reason: string, data: EngineError["data"] = {}): EngineError {
  return new EngineError("fileCorrupt", `The quantised weights cannot be read: ${reason}.`, data);
}

/** The names under which a matrix's two parts are stored. */
export function partNames(name: string): { packed: string; scales: string } {
  return { packed: `${name}.packed`, scales: `${name}.scales` };
}

/** The words as a file keeps them, little endian as every platform with WebGPU or wasm. Shares their memory. */
export function wordBytes({ buffer, byteOffset, byteLength }: Uint32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** What a packed matrix will be, before there is one. */
export interface PlannedMatrix extends MatrixSizes {
  readonly format: QuantFormat;
}

/**
 * How packed matrices are described in a file, from their sizes alone.
 * @param matrices by the weights' names
 */
export function describeQuantised(matrices: ReadonlyMap<string, PlannedMatrix>): {
  readonly tensors: Map<string, TensorDescription>;
  readonly metadata: Record<string, string>;
} {
  const tensors = new Map<string, TensorDescription>();
  const described: Record<string, unknown> = {};
  for (const [name, { format, outSize, inSize }] of matrices) {
    const { wordsPerRow, scaleWordsPerRow, groupSize } = layoutOf(format, { outSize, inSize });
    const { packed, scales } = partNames(name);
    tensors.set(packed, { dtype: "I32", shape: [outSize, wordsPerRow] });
    tensors.set(scales, { dtype: "I32", shape: [outSize, scaleWordsPerRow] });
    described[name] = { format, groupSize, outSize, inSize };
  }
  const text = JSON.stringify({ version: VERSION, matrices: described });
  return { tensors, metadata: matrices.size > 0 ? { [QUANTISATION_KEY]: text } : {} };
}

/**
 * Entries and metadata for `writeSafetensors`, to be joined with a file's others.
 * @param matrices by the weights' names
 */
export function writeQuantised(matrices: ReadonlyMap<string, QuantisedMatrix>): SafetensorsFile {
  const { tensors: described, metadata } = describeQuantised(matrices);
  const tensors = new Map<string, SafetensorsEntry>();
  for (const [name, matrix] of matrices) {
    const names = partNames(name);
    for (const part of ["packed", "scales"] as const) {
      const description = described.get(names[part]);
      if (description) tensors.set(names[part], { ...description, data: wordBytes(matrix[part]).slice() });
    }
  }
  return { tensors, metadata };
}

function parseMetadata(text: string): z.infer<typeof Metadata> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw corrupt(`its ${QUANTISATION_KEY} metadata is not JSON; export the model again`);
  }
  const version = z.object({ version: z.unknown() }).safeParse(json).data?.version;
  if (version !== VERSION) {
    throw corrupt(
      `it is of version ${String(version)} and this program reads version ${VERSION}; update the program or export the model again`,
    );
  }
  const parsed = Metadata.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw corrupt(
    `its metadata is wrong at ${issue?.path.join(".")} (${issue?.message}); export the model again`,
  );
}

function readWords(tensors: SafetensorsFile["tensors"], name: string, shape: readonly number[]): Uint32Array {
  const entry = tensors.get(name);
  const isWhole = entry?.dtype === "I32" || entry?.dtype === "U32";
  if (!entry || !isWhole || entry.shape.join() !== shape.join()) {
    throw corrupt(`tensor ${name} is not I32 [${shape.join(", ")}]; export the model again`, {
      tensor: name,
    });
  }
  // Copied: an entry may lie at any byte of its file.
  const words = new Uint32Array(entry.data.length / 4);
  new Uint8Array(words.buffer).set(entry.data);
  return words;
}

/**
 * The packed matrices of a file by name; none when its metadata speak of none. Other tensors are not looked at.
 * @throws EngineError("fileCorrupt") for an unknown version or format, sizes that do not fit, and missing tensors
 */
export function readQuantised({ tensors, metadata }: SafetensorsFile): Map<string, QuantisedMatrix> {
  const text = metadata[QUANTISATION_KEY];
  if (text === undefined) return new Map();
  const matrices = new Map<string, QuantisedMatrix>();
  for (const [name, described] of Object.entries(parseMetadata(text).matrices)) {
    const { format, groupSize, outSize } = described;
    const layout = layoutOf(format, described);
    if (groupSize !== layout.groupSize) {
      throw corrupt(`${name} is ${format} in groups of ${groupSize} instead of ${layout.groupSize}`, {
        tensor: name,
        groupSize,
      });
    }
    matrices.set(name, {
      ...described,
      packed: readWords(tensors, partNames(name).packed, [outSize, layout.wordsPerRow]),
      scales: readWords(tensors, partNames(name).scales, [outSize, layout.scaleWordsPerRow]),
    });
  }
  return matrices;
}
