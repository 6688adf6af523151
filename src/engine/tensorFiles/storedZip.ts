/**
 * The list of a zip whose entries are stored as they are, as PyTorch writes them: where each one's bytes lie. With
 * 64-bit sizes; nothing is unpacked.
 *
 * Source: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5.3.
 */
import { EngineError } from "../errors.ts";
import { type ByteSource, corruptFile, readExactly } from "./byteSource.ts";

/** Exists in pages, workers and Node, but not in the engine's DOM-free type library. */
declare const TextDecoder: new (
  label: string,
  options: { fatal: boolean },
) => { decode(bytes: Uint8Array): string };

export interface ZipEntry {
  readonly name: string;
  readonly size: number;
  /** Where the entry's own header lies; its bytes follow that. */
  readonly headerOffset: number;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
const END_64_BYTES = 56;
const LOCATOR_BYTES = 20;
const LONGEST_COMMENT = 0xffff;
/** In place of a number that stands in 64 bits elsewhere. */
const ELSEWHERE = 0xffffffff;
const EXTRA_64 = 0x0001;
const ENCRYPTED = 1;
/** A list of a million tensors fits. */
const MAX_LIST_BYTES = 64_000_000;

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A number of 64 bits; beyond 2^53 it is rounded, and no file is that large. */
function uint64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

interface ListPlace {
  readonly offset: number;
  readonly bytes: number;
}

/** Where the list lies, from the end of the file. */
async function findList(source: ByteSource): Promise<ListPlace> {
  const tailBytes = Math.min(source.size, END_BYTES + LONGEST_COMMENT + LOCATOR_BYTES);
  const tail = viewOf(await readExactly(source, source.size - tailBytes, tailBytes));
  let at = tailBytes - END_BYTES;
  const isEnd = () =>
    tail.getUint32(at, true) === END && tail.getUint16(at + 20, true) === tailBytes - at - END_BYTES;
  while (at >= 0 && !isEnd()) at -= 1;
  if (at < 0) throw corruptFile(source, "its end is missing, so it was not written or downloaded whole");
  const place = { offset: tail.getUint32(at + 16, true), bytes: tail.getUint32(at + 12, true) };
  const locator = at - LOCATOR_BYTES;
  if (locator < 0 || tail.getUint32(locator, true) !== LOCATOR_64) return place;
  const end = viewOf(await readExactly(source, uint64(tail, locator + 8), END_64_BYTES));
  if (end.getUint32(0, true) !== END_64)
    throw corruptFile(source, "its list of files is not where it should be");
  return { offset: uint64(end, 48), bytes: uint64(end, 40) };
}

/** The numbers of an entry that stand in its 64-bit field, in the order of the format. */
function* numbersElsewhere(source: ByteSource, extra: DataView): Generator<number, never> {
  let at = 0;
  while (at + 4 <= extra.byteLength) {
    const [id, length] = [extra.getUint16(at, true), extra.getUint16(at + 2, true)];
    at += 4;
    if (id === EXTRA_64) {
      const end = Math.min(at + length, extra.byteLength);
      for (; at + 8 <= end; at += 8) yield uint64(extra, at);
      break;
    }
    at += length;
  }
  throw corruptFile(source, "a 64-bit size is missing");
}

function requirePlain(source: ByteSource, name: string, header: DataView, sizes: readonly number[]): void {
  const [flags, method] = [header.getUint16(8, true), header.getUint16(10, true)];
  if (method === 0 && (flags & ENCRYPTED) === 0 && sizes[0] === sizes[1]) return;
  throw new EngineError(
    "fileUnknown",
    `${source.name} holds ${name} compressed or encrypted, which torch.save never does. Save it with PyTorch again.`,
    { file: source.name, entry: name },
  );
}

function readText(source: ByteSource, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw corruptFile(source, "the name of an entry is not text");
  }
}

/** One line of the list. @returns the entry, and where the next line begins */
function readLine(source: ByteSource, list: Uint8Array, start: number): { entry: ZipEntry; next: number } {
  const cut = () => corruptFile(source, "its list of files is cut off");
  if (start + CENTRAL_BYTES > list.length) throw cut();
  const header = viewOf(list.subarray(start));
  if (header.getUint32(0, true) !== CENTRAL) throw corruptFile(source, "its list of files is not one");
  const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((at) => header.getUint16(at, true)) as [
    number,
    number,
    number,
  ];
  const extraAt = start + CENTRAL_BYTES + nameBytes;
  const next = extraAt + extraBytes + commentBytes;
  if (next > list.length) throw cut();
  const name = readText(source, list.subarray(start + CENTRAL_BYTES, extraAt));
  const elsewhere = numbersElsewhere(source, viewOf(list.subarray(extraAt, extraAt + extraBytes)));
  const numberAt = (at: number): number => {
    const short = header.getUint32(at, true);
    return short === ELSEWHERE ? elsewhere.next().value : short;
  };
  const [size, packed, headerOffset] = [numberAt(24), numberAt(20), numberAt(42)];
  requirePlain(source, name, header, [size, packed]);
  return { entry: { name, size, headerOffset }, next };
}

/**
 * Lists the entries by name.
 * @throws EngineError("fileCorrupt") for a zip that is cut off or has a name twice, EngineError("fileUnknown") for one with
 *   compressed entries
 */
export async function listStoredZip(source: ByteSource): Promise<Map<string, ZipEntry>> {
  const { offset, bytes } = await findList(source);
  if (bytes > MAX_LIST_BYTES) throw corruptFile(source, "its list of files is longer than any model's");
  const list = await readExactly(source, offset, bytes);
  const entries = new Map<string, ZipEntry>();
  for (let at = 0; at < list.length; ) {
    const { entry, next } = readLine(source, list, at);
    if (entries.has(entry.name)) throw corruptFile(source, `${entry.name} occurs twice`);
    entries.set(entry.name, entry);
    at = next;
  }
  return entries;
}

/** Where an entry's bytes begin. @throws EngineError("fileCorrupt") when they are not inside the file */
export async function findEntryBytes(source: ByteSource, entry: ZipEntry): Promise<number> {
  const header = viewOf(await readExactly(source, entry.headerOffset, LOCAL_BYTES));
  if (header.getUint32(0, true) !== LOCAL)
    throw corruptFile(source, `${entry.name} is not where its list says`);
  const begin = entry.headerOffset + LOCAL_BYTES + header.getUint16(26, true) + header.getUint16(28, true);
  if (begin + entry.size > source.size) throw corruptFile(source, `${entry.name} leaves the file`);
  return begin;
}
