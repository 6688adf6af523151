/**
 * Reader and writer of whole safetensors files: 8 bytes header length (little endian), a JSON header (`header.ts`), then
 * the tensors' bytes without gaps. Knows bytes, dtypes and shapes only; who uses the tensors lives elsewhere.
 */
import { EngineError } from "../errors.ts";
import {
  LENGTH_BYTES,
  layoutFile,
  parseHeader,
  readHeaderLength,
  type TensorDescription,
  tensorBytes,
} from "./header.ts";

/** One stored tensor: little-endian bytes, row major. */
export interface SafetensorsEntry extends TensorDescription {
  readonly data: Uint8Array;
}

export interface SafetensorsFile {
  readonly tensors: Map<string, SafetensorsEntry>;
  readonly metadata: Record<string, string>;
}

/**
 * Reads a whole file. The entries are views on `bytes`; nothing is copied.
 * @throws EngineError("fileCorrupt") for a bad header, an unknown dtype, a duplicate name, wrong byte counts,
 *   and offsets that leave the file, overlap or leave a gap
 */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  const headerBytes = readHeaderLength(bytes, bytes.length);
  const header = bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + headerBytes);
  const { tensors: placed, metadata } = parseHeader(header, bytes.length);
  const tensors = new Map<string, SafetensorsEntry>();
  for (const [name, { dtype, shape, begin, end }] of placed) {
    tensors.set(name, { dtype, shape, data: bytes.subarray(begin, end) });
  }
  return { tensors, metadata };
}

/**
 * Writes a file: tensors in the map's order, header padded with spaces so that the data begin at a multiple of 8.
 * @param tensors name → entry @param metadata texts kept under `__metadata__`
 * @throws EngineError("badInput") when an entry's bytes do not fit its dtype and shape
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  for (const [name, entry] of tensors) {
    const expectedBytes = tensorBytes(entry);
    if (expectedBytes === entry.data.length) continue;
    throw new EngineError(
      "badInput",
      `Tensor ${name} cannot be written: ${entry.dtype} [${entry.shape.join(", ")}] needs ${expectedBytes} bytes, got ${entry.data.length}.`,
      { tensor: name, expectedBytes, bytes: entry.data.length },
    );
  }
  const layout = layoutFile(tensors, metadata);
  const bytes = new Uint8Array(layout.fileBytes);
  bytes.set(layout.start);
  for (const [name, { data }] of tensors) bytes.set(data, layout.tensors.get(name)?.begin);
  return bytes;
}
