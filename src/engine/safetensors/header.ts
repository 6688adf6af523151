/**
 * The header of a safetensors file: which tensors lie where. Checked when read, laid out from sizes alone when written,
 * so that neither needs the tensors' bytes.
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

/** What a tensor is, without its bytes. */
export interface TensorDescription {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
}

/** A tensor and where in the file its bytes lie, counted from the file's start. */
export interface PlacedTensor extends TensorDescription {
  readonly begin: number;
  readonly end: number;
}

interface NamedEntry extends PlacedTensor {
  readonly name: string;
}

export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, PlacedTensor>;
  readonly metadata: Record<string, string>;
}

/** The two text coders exist in pages, workers and Node, but not in the engine's DOM-free type library. */
declare const TextDecoder: new (
  label: string,
  options: { fatal: boolean },
) => { decode(bytes: Uint8Array): string };
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

/** Bytes before the header, which tell its length. */
export const LENGTH_BYTES = 8;
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

function parseEntry(name: string, value: unknown, dataBytes: number): NamedEntry {
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

/**
 * The length of the header, from the first bytes of a file.
 * @throws EngineError("fileCorrupt") when the file cannot hold it
 */
export function readHeaderLength(start: Uint8Array, fileBytes: number): number {
  if (start.length < LENGTH_BYTES) throw corrupt("it is shorter than its header length field");
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const headerBytes = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (headerBytes > MAX_HEADER_BYTES || headerBytes > fileBytes - LENGTH_BYTES) {
    throw corrupt("its header is longer than the file", { headerBytes, fileBytes });
  }
  return headerBytes;
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    json = JSON.parse(text);
  } catch (cause) {
    throw corrupt(`its header is not JSON (${cause instanceof Error ? cause.message : String(cause)})`);
  }
  if (!isRecord(json)) throw corrupt("its header is not a JSON object");
  const duplicate = findDuplicateKey(text);
  if (duplicate !== null) throw corrupt(`tensor ${duplicate} occurs twice`, { tensor: duplicate });
  return json;
}

function requireNoGaps(entries: readonly NamedEntry[], dataBytes: number): void {
  let expectedBegin = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < expectedBegin) throw corrupt(`tensor ${name} overlaps another`, { tensor: name, begin });
    if (begin > expectedBegin) throw corrupt(`there is a gap before tensor ${name}`, { tensor: name, begin });
    expectedBegin = end;
  }
  if (expectedBegin !== dataBytes) {
    throw corrupt("bytes follow the last tensor", { expectedBytes: expectedBegin, bytes: dataBytes });
  }
}

/**
 * Reads a header.
 * @param header the bytes behind the length field
 * @throws EngineError("fileCorrupt") for a bad header, an unknown dtype, a duplicate name, wrong byte counts,
 *   and offsets that leave the file, overlap or leave a gap
 */
export function parseHeader(header: Uint8Array, fileBytes: number): SafetensorsHeader {
  const { __metadata__: rawMetadata, ...rest } = parseJson(header);
  const metadata = parseMetadata(rawMetadata);
  const dataStart = LENGTH_BYTES + header.length;
  const dataBytes = fileBytes - dataStart;
  const entries = Object.entries(rest).map(([name, value]) => parseEntry(name, value, dataBytes));
  requireNoGaps(entries, dataBytes);
  const placed = entries.map(({ name, dtype, shape, begin, end }): [string, PlacedTensor] => [
    name,
    { dtype, shape, begin: dataStart + begin, end: dataStart + end },
  ]);
  return { tensors: new Map(placed), metadata };
}

/** Bytes of a tensor of this description. */
export function tensorBytes({ dtype, shape }: TensorDescription): number {
  return shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype]);
}

/** Where everything of a file will lie, known before a tensor is. */
export interface FileLayout {
  /** Length field and header: the file's first bytes. */
  readonly start: Uint8Array;
  readonly tensors: ReadonlyMap<string, PlacedTensor>;
  readonly fileBytes: number;
}

/**
 * Lays out a file: tensors in the map's order, header padded with spaces so that the data begin at a multiple of 8.
 * @param metadata texts kept under `__metadata__`
 * @throws EngineError("badInput") for a tensor named `__metadata__`
 */
export function layoutFile(
  tensors: ReadonlyMap<string, TensorDescription>,
  metadata: Readonly<Record<string, string>> = {},
): FileLayout {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  if (tensors.has("__metadata__")) throw new EngineError("badInput", "No tensor can be named __metadata__.");
  const ends = new Map<string, number>();
  let offset = 0;
  for (const [name, { dtype, shape }] of tensors) {
    const end = offset + tensorBytes({ dtype, shape });
    header[name] = { dtype, shape, data_offsets: [offset, end] };
    ends.set(name, end);
    offset = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT;
  const start = new Uint8Array(LENGTH_BYTES + headerBytes).fill(0x20);
  const view = new DataView(start.buffer);
  view.setUint32(0, headerBytes, true);
  view.setUint32(4, 0);
  start.set(text, LENGTH_BYTES);
  const placed = [...tensors].map(([name, { dtype, shape }]): [string, PlacedTensor] => {
    const end = start.length + (ends.get(name) ?? 0);
    return [name, { dtype, shape, begin: end - tensorBytes({ dtype, shape }), end }];
  });
  return { start, tensors: new Map(placed), fileBytes: start.length + offset };
}
