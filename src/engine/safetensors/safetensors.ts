/**
 * Reader and writer of the safetensors container: 8 bytes header length (little endian), a JSON header, then the
 * tensors' bytes without gaps. Knows bytes, dtypes and shapes only; who uses the tensors lives elsewhere.
 *
 * Source: huggingface/safetensors README, "Format". Stricter than it in one point: see `parseHeader`.
 */
import { EngineError } from "../errors.ts";

/** Bytes per element of every dtype we read. */
export const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  I64: 8,
  F64: 8,
} as const;

export type SafetensorsDtype = keyof typeof DTYPE_BYTES;

/** One stored tensor: little-endian bytes, row major. */
export interface SafetensorsEntry {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

export interface SafetensorsFile {
  readonly tensors: Map<string, SafetensorsEntry>;
  readonly metadata: Record<string, string>;
}

interface RawEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: number[];
  readonly begin: number;
  readonly end: number;
}

/** The two text coders exist in pages, workers and Node, but not in the engine's DOM-free type library. */
declare const TextDecoder: new (
  label: string,
  options: { fatal: boolean },
) => { decode(bytes: Uint8Array): string };
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

const LENGTH_BYTES = 8;
/** The reference reader's limit on the header. */
const MAX_HEADER_BYTES = 100_000_000;
const ALIGNMENT = 8;

function corrupt(reason: string, data: EngineError["data"] = {}): EngineError {
  return new EngineError(
    "fileCorrupt",
    `This safetensors file is damaged: ${reason}. Download or export it again.`,
    data,
  );
}

function isDtype(value: unknown): value is SafetensorsDtype {
  return typeof value === "string" && Object.hasOwn(DTYPE_BYTES, value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Finds the first key that occurs twice in a JSON object's top level, which `JSON.parse` would hide. */
function findDuplicateKey(json: string): string | null {
  const seen = new Set<string>();
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const char = json[at];
    if (char === "{" || char === "[") depth += 1;
    else if (char === "}" || char === "]") depth -= 1;
    else if (char === '"') {
      const start = at;
      for (at += 1; json[at] !== '"'; at++) if (json[at] === "\\") at += 1;
      if (depth !== 1 || !/^\s*:/.test(json.slice(at + 1, at + 20))) continue;
      const key = JSON.parse(json.slice(start, at + 1)) as string;
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
  return null;
}

function parseEntry(name: string, value: unknown, dataBytes: number): RawEntry {
  if (!isRecord(value)) throw corrupt(`the header's entry for ${name} is not an object`, { tensor: name });
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDtype(dtype)) {
    throw corrupt(`tensor ${name} has the unknown dtype ${String(dtype)}`, { tensor: name });
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    throw corrupt(`tensor ${name} has no proper shape`, { tensor: name });
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw corrupt(`tensor ${name} has no proper data_offsets`, { tensor: name });
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > dataBytes) {
    throw corrupt(`tensor ${name} lies outside the file`, { tensor: name, begin, end, dataBytes });
  }
  const expectedBytes = shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype]);
  if (expectedBytes !== end - begin) {
    throw corrupt(`tensor ${name} should have ${expectedBytes} bytes and has ${end - begin}`, {
      tensor: name,
      expectedBytes,
      bytes: end - begin,
    });
  }
  return { name, dtype, shape, begin, end };
}

function parseMetadata(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!isRecord(value) || !Object.values(value).every((text) => typeof text === "string")) {
    throw corrupt("its __metadata__ is not a map of texts");
  }
  return value as Record<string, string>;
}

function parseHeader(bytes: Uint8Array): { json: Record<string, unknown>; dataStart: number } {
  if (bytes.length < LENGTH_BYTES) throw corrupt("it is shorter than its header length field");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (headerBytes > MAX_HEADER_BYTES || headerBytes > bytes.length - LENGTH_BYTES) {
    throw corrupt("its header is longer than the file", { headerBytes, fileBytes: bytes.length });
  }
  const dataStart = LENGTH_BYTES + headerBytes;
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(LENGTH_BYTES, dataStart));
    json = JSON.parse(text);
  } catch (cause) {
    throw corrupt(`its header is not JSON (${cause instanceof Error ? cause.message : String(cause)})`);
  }
  if (!isRecord(json)) throw corrupt("its header is not a JSON object");
  const duplicate = findDuplicateKey(text);
  if (duplicate !== null) throw corrupt(`tensor ${duplicate} occurs twice`, { tensor: duplicate });
  return { json, dataStart };
}

/**
 * Reads a whole file. The entries are views on `bytes`; nothing is copied.
 * @throws EngineError("fileCorrupt") for a bad header, an unknown dtype, a duplicate name, wrong byte counts,
 *   and offsets that leave the file, overlap or leave a gap
 */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  const { json, dataStart } = parseHeader(bytes);
  const { __metadata__: rawMetadata, ...rest } = json;
  const metadata = parseMetadata(rawMetadata);
  const dataBytes = bytes.length - dataStart;
  const entries = Object.entries(rest).map(([name, value]) => parseEntry(name, value, dataBytes));
  let expectedBegin = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < expectedBegin) throw corrupt(`tensor ${name} overlaps another`, { tensor: name, begin });
    if (begin > expectedBegin) throw corrupt(`there is a gap before tensor ${name}`, { tensor: name, begin });
    expectedBegin = end;
  }
  if (expectedBegin !== dataBytes) {
    throw corrupt("bytes follow the last tensor", { expectedBytes: expectedBegin, bytes: dataBytes });
  }
  const tensors = new Map<string, SafetensorsEntry>();
  for (const { name, dtype, shape, begin, end } of entries) {
    tensors.set(name, { dtype, shape, data: bytes.subarray(dataStart + begin, dataStart + end) });
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
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let offset = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    const expectedBytes = shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype]);
    if (expectedBytes !== data.length || name === "__metadata__") {
      throw new EngineError(
        "badInput",
        `Tensor ${name} cannot be written: ${dtype} [${shape.join(", ")}] needs ${expectedBytes} bytes, got ${data.length}.`,
        { tensor: name, expectedBytes, bytes: data.length },
      );
    }
    header[name] = { dtype, shape, data_offsets: [offset, offset + data.length] };
    offset += data.length;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(LENGTH_BYTES + headerBytes + offset);
  new DataView(bytes.buffer).setUint32(0, headerBytes, true);
  bytes.fill(0x20, LENGTH_BYTES, LENGTH_BYTES + headerBytes);
  bytes.set(text, LENGTH_BYTES);
  let at = LENGTH_BYTES + headerBytes;
  for (const { data } of tensors.values()) {
    bytes.set(data, at);
    at += data.length;
  }
  return bytes;
}
