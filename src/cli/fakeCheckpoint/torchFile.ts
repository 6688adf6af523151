/**
 * A dictionary of f32 tensors as `torch.save` writes it, piece by piece: a zip of stored entries with 64-bit offsets, the
 * list of tensors as a pickle and one entry of numbers for each.
 *
 * Source: PKWARE APPNOTE 6.3.10; CPython Lib/pickletools.py; PyTorch torch/serialization.py.
 */
import type { ByteSink } from "../../engine/index.ts";
import { encodeText, joinBytes } from "../../formats/bytes.ts";
import { crc32 } from "../../formats/crc.ts";
import { countValues, type FakeBlock, type Shapes } from "./fakeValues.ts";

const FOLDER = "archive";
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
/** Two sizes and an offset. */
const EXTRA_64_BYTES = 28;
const END_64_BYTES = 56;
const LOCATOR_BYTES = 20;
const END_BYTES = 22;
/** A zip that needs 64-bit offsets. */
const VERSION = 45;
const ELSEWHERE = 0xffffffff;

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function text(value: string): Uint8Array {
  const bytes = encodeText(value);
  return joinBytes([encodeText("X"), uint32(bytes.length), bytes]);
}

const code = (value: string): Uint8Array => encodeText(value);
const whole = (value: number): Uint8Array => joinBytes([code("J"), uint32(value)]);
const tuple = (...parts: Uint8Array[]): Uint8Array => joinBytes([code("("), ...parts, code("t")]);

function tensorCode(key: string, shape: readonly number[]): Uint8Array {
  const strides = shape.map((_, at) => countValues(shape.slice(at + 1)));
  const storage = tuple(
    text("storage"),
    code("ctorch\nFloatStorage\n"),
    text(key),
    text("cpu"),
    whole(countValues(shape)),
  );
  const parts = tuple(
    joinBytes([storage, code("Q")]),
    whole(0),
    tuple(...shape.map(whole)),
    tuple(...strides.map(whole)),
    Uint8Array.of(0x89),
    code("ccollections\nOrderedDict\n)R"),
  );
  return joinBytes([code("ctorch._utils\n_rebuild_tensor_v2\n"), parts, code("R")]);
}

function pickle(shapes: Shapes): Uint8Array {
  const items = [...shapes].flatMap(([name, shape], at) => [text(name), tensorCode(String(at), shape)]);
  return joinBytes([Uint8Array.of(0x80, 2), code("}("), ...items, code("u.")]);
}

interface Entry {
  readonly name: Uint8Array;
  readonly offset: number;
  readonly size: number;
  readonly crc: number;
}

/** The fields that an entry's own header and its line in the list share. */
function setShared(view: DataView, at: number, { name, size, crc }: Entry): void {
  view.setUint16(at, VERSION, true);
  // 1980-01-01, so that the same seed gives the same file.
  view.setUint16(at + 8, 0x21, true);
  view.setUint32(at + 10, crc, true);
  view.setUint32(at + 14, size, true);
  view.setUint32(at + 18, size, true);
  view.setUint16(at + 22, name.length, true);
}

function localHeader(entry: Entry): Uint8Array {
  const bytes = new Uint8Array(LOCAL_BYTES + entry.name.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x04034b50, true);
  setShared(view, 4, entry);
  bytes.set(entry.name, LOCAL_BYTES);
  return bytes;
}

function setUint64(view: DataView, at: number, value: number): void {
  view.setBigUint64(at, BigInt(value), true);
}

function listLine(entry: Entry): Uint8Array {
  const bytes = new Uint8Array(CENTRAL_BYTES + entry.name.length + EXTRA_64_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x02014b50, true);
  view.setUint16(4, VERSION, true);
  setShared(view, 6, entry);
  view.setUint16(30, EXTRA_64_BYTES, true);
  // All three: PyTorch's reader takes the size for a promise about the 32-bit offset.
  for (const at of [20, 24, 42]) view.setUint32(at, ELSEWHERE, true);
  bytes.set(entry.name, CENTRAL_BYTES);
  const extra = CENTRAL_BYTES + entry.name.length;
  view.setUint16(extra, 1, true);
  view.setUint16(extra + 2, EXTRA_64_BYTES - 4, true);
  for (const [at, value] of [entry.size, entry.size, entry.offset].entries()) {
    setUint64(view, extra + 4 + 8 * at, value);
  }
  return bytes;
}

function zipEnd(count: number, offset: number, size: number): Uint8Array {
  const bytes = new Uint8Array(END_64_BYTES + LOCATOR_BYTES + END_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x06064b50, true);
  setUint64(view, 4, END_64_BYTES - 12);
  view.setUint16(12, VERSION, true);
  view.setUint16(14, VERSION, true);
  for (const at of [24, 32]) setUint64(view, at, count);
  setUint64(view, 40, size);
  setUint64(view, 48, offset);
  view.setUint32(END_64_BYTES, 0x07064b50, true);
  setUint64(view, END_64_BYTES + 8, offset + size);
  view.setUint32(END_64_BYTES + 16, 1, true);
  const end = END_64_BYTES + LOCATOR_BYTES;
  view.setUint32(end, 0x06054b50, true);
  for (const at of [8, 10]) view.setUint16(end + at, Math.min(count, 0xffff), true);
  view.setUint32(end + 12, size, true);
  view.setUint32(end + 16, ELSEWHERE, true);
  return bytes;
}

/**
 * Writes a file.
 * @param blocks every tensor of `shapes` in its order, from its first value to its last
 */
export async function writeTorchFile(
  sink: ByteSink,
  shapes: Shapes,
  blocks: Iterable<FakeBlock>,
): Promise<void> {
  const entries: Entry[] = [];
  let at = 0;
  /** The header goes before the bytes, and is known after them. */
  const addEntry = async (path: string, parts: () => AsyncGenerator<Uint8Array>): Promise<void> => {
    const name = encodeText(`${FOLDER}/${path}`);
    const begin = at + LOCAL_BYTES + name.length;
    let [size, crc] = [0, 0];
    for await (const part of parts()) {
      await sink.write(begin + size, part);
      crc = crc32(part, crc);
      size += part.length;
    }
    const entry = { name, offset: at, size, crc };
    await sink.write(at, localHeader(entry));
    entries.push(entry);
    at = begin + size;
  };
  const whole = (bytes: Uint8Array) =>
    async function* () {
      yield bytes;
    };
  await addEntry("data.pkl", whole(pickle(shapes)));
  const iterator = blocks[Symbol.iterator]();
  let next = iterator.next();
  for (const [index, name] of [...shapes.keys()].entries()) {
    await addEntry(`data/${index}`, async function* () {
      for (; !next.done && next.value.name === name; next = iterator.next()) {
        const { buffer, byteOffset, byteLength } = next.value.values;
        yield new Uint8Array(buffer, byteOffset, byteLength);
      }
    });
  }
  await addEntry("version", whole(encodeText("3\n")));
  const list = joinBytes(entries.map(listLine));
  await sink.write(at, list);
  await sink.write(at + list.length, zipEnd(entries.length, at, list.length));
}
