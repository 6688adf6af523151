/**
 * Quantised matrices in safetensors: `x.packed` U32 [out, words] and `x.scales` U32 [out, ⌈groups/2⌉] in the place of
 * `x`, and in the file's metadata under `quantisation` the JSON
 *   {"version": 1, "matrices": {"x": {"format": "int4", "outSize": …, "inSize": …}, …}}
 */
import { z } from "zod";
import { EngineError } from "../errors.ts";
import type { SafetensorsEntry, SafetensorsFile } from "../safetensors/safetensors.ts";
import { layoutOf, QUANT_FORMATS, type QuantFormat, type QuantisedMatrix } from "./quantise.ts";

const METADATA_KEY = "quantisation";
const VERSION = 1;
const FORMATS = Object.keys(QUANT_FORMATS) as [QuantFormat, ...QuantFormat[]];

const metadataSchema = z.object({
  version: z.literal(VERSION),
  matrices: z.record(
    z.string(),
    z.object({ format: z.enum(FORMATS), outSize: z.int().positive(), inSize: z.int().positive() }),
  ),
});

function toEntry(words: Uint32Array, shape: readonly number[]): SafetensorsEntry {
  return { dtype: "U32", shape, data: new Uint8Array(words.buffer, words.byteOffset, words.byteLength) };
}

/** @param matrices by tensor name @returns entries and metadata to write beside the other tensors */
export function storeMatrices(matrices: ReadonlyMap<string, QuantisedMatrix>): SafetensorsFile {
  const tensors = new Map<string, SafetensorsEntry>();
  const described: z.infer<typeof metadataSchema>["matrices"] = {};
  for (const [name, { format, outSize, inSize, packed, scales }] of matrices) {
    const { words, scaleWords } = layoutOf(format, inSize);
    tensors.set(`${name}.packed`, toEntry(packed, [outSize, words]));
    tensors.set(`${name}.scales`, toEntry(scales, [outSize, scaleWords]));
    described[name] = { format, outSize, inSize };
  }
  return { tensors, metadata: { [METADATA_KEY]: JSON.stringify({ version: VERSION, matrices: described }) } };
}

function damaged(reason: string): EngineError {
  return new EngineError(
    "fileCorrupt",
    `The quantised weights cannot be read: ${reason}. Import the model again.`,
  );
}

function parseMetadata(text: string): z.infer<typeof metadataSchema> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw damaged("their description is no JSON");
  }
  const checked = metadataSchema.safeParse(parsed);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw damaged(
    `their description is not of version ${VERSION} (${issue?.path.join(".")}: ${issue?.message})`,
  );
}

function readWords(tensors: SafetensorsFile["tensors"], name: string, shape: readonly number[]): Uint32Array {
  const entry = tensors.get(name);
  if (entry?.dtype !== "U32" || entry.shape.join() !== shape.join()) {
    throw damaged(`${name} should be U32 [${shape.join(", ")}]`);
  }
  // A copy: entries need not begin at a multiple of four bytes.
  return new Uint32Array(entry.data.slice().buffer);
}

/**
 * @returns the matrices of a file by tensor name; empty when it says nothing of quantisation
 * @throws EngineError("fileCorrupt") for an unknown version or format, or tensors that do not fit the description
 */
export function readMatrices({ tensors, metadata }: SafetensorsFile): Map<string, QuantisedMatrix> {
  const text = metadata[METADATA_KEY];
  if (text === undefined) return new Map();
  return new Map(
    Object.entries(parseMetadata(text).matrices).map(([name, { format, outSize, inSize }]) => {
      const { words, scaleWords } = layoutOf(format, inSize);
      const packed = readWords(tensors, `${name}.packed`, [outSize, words]);
      const scales = readWords(tensors, `${name}.scales`, [outSize, scaleWords]);
      return [name, { format, outSize, inSize, packed, scales }];
    }),
  );
}
