/** Tensors of a file that PyTorch saved: a zip with the list of tensors as a pickle and their numbers beside it. */
import { EngineError } from "../errors.ts";
import { DTYPE_BYTES, type TensorDescription } from "../safetensors/header.ts";
import { toFloat32 } from "../safetensors/toFloat32.ts";
import { type ByteSource, corruptFile, readExactly } from "./byteSource.ts";
import { isTensor, type PickleDictionary, type PickledTensor, type PickleValue } from "./pickleValues.ts";
import { findEntryBytes, listStoredZip, type ZipEntry } from "./storedZip.ts";
import { requireRows, type TensorSource } from "./tensorSource.ts";
import { MAX_PICKLE_BYTES, unpickle } from "./unpickle.ts";

/** Exists in pages, workers and Node, but not in the engine's DOM-free type library. */
declare const TextDecoder: new () => { decode(bytes: Uint8Array): string };

const LIST = "/data.pkl";
/** Where training scripts keep a model among other things, at most so many times inside one another. */
const NESTED_KEY = "state_dict";
const MAX_NESTING = 4;
/** The most that is read for a tensor whose rows do not lie one after the other. */
const MAX_SPAN_BYTES = 2 ** 28;

/** A tensor as its file keeps it. */
interface StoredTensor extends TensorDescription, PickledTensor {
  readonly entry: ZipEntry;
}

async function readEntry(source: ByteSource, entry: ZipEntry): Promise<Uint8Array> {
  return readExactly(source, await findEntryBytes(source, entry), entry.size);
}

function findList(
  source: ByteSource,
  entries: ReadonlyMap<string, ZipEntry>,
): { folder: string; list: ZipEntry } {
  const lists = [...entries.values()].filter(
    ({ name }) => name.endsWith(LIST) && name.split("/").length === 2,
  );
  const [list] = lists;
  if (!list || lists.length > 1) {
    throw new EngineError(
      "fileUnknown",
      `${source.name} is a zip, but not one that torch.save wrote: it has ${lists.length} lists of tensors. Use the model's own file.`,
      { file: source.name },
    );
  }
  return { folder: list.name.slice(0, -LIST.length), list };
}

/** The dictionary that holds the tensors themselves. */
function findDictionary(source: ByteSource, value: PickleValue): PickleDictionary {
  let found = value;
  for (let depth = 0; depth < MAX_NESTING && found instanceof Map; depth++) {
    const inner = found.get(NESTED_KEY);
    if (!(inner instanceof Map)) return found;
    found = inner;
  }
  throw new EngineError(
    "fileUnknown",
    `${source.name} holds no dictionary of tensors. Save the model's state_dict().`,
    { file: source.name },
  );
}

async function requireLittleEndian(source: ByteSource, entry: ZipEntry | undefined): Promise<void> {
  if (!entry || entry.size > "little".length) return;
  const order = new TextDecoder().decode(await readEntry(source, entry));
  if (order === "little") return;
  throw new EngineError(
    "fileUnknown",
    `${source.name} stores its numbers ${order}-endian. Save it as little-endian.`,
    {
      file: source.name,
    },
  );
}

function placeTensor(
  source: ByteSource,
  name: string,
  tensor: PickledTensor,
  entry: ZipEntry | undefined,
): StoredTensor {
  const { dtype, length, key } = tensor.storage;
  if (!entry) throw corruptFile(source, `the numbers of ${name} (data/${key}) are missing`);
  if (entry.size < length * DTYPE_BYTES[dtype])
    throw corruptFile(source, `the numbers of ${name} are cut off`);
  return { ...tensor, dtype, entry };
}

/** Whether the numbers of a row, and one row after the other, lie in order without gaps. */
function isContiguous({ shape, strides }: PickledTensor): boolean {
  let expected = 1;
  for (let at = shape.length - 1; at >= 0; at--) {
    if (shape[at] !== 1 && strides[at] !== expected) return false;
    expected *= shape[at] ?? 1;
  }
  return true;
}

/** Places of a tensor's numbers relative to its first, in row-major order. */
function* places(shape: readonly number[], strides: readonly number[]): Generator<number> {
  const index = shape.map(() => 0);
  const total = shape.reduce((product, size) => product * size, 1);
  let place = 0;
  for (let count = 0; count < total; count++) {
    yield place;
    for (let at = shape.length - 1; at >= 0; at--) {
      const [size = 1, stride = 0] = [shape[at], strides[at]];
      index[at] = (index[at] ?? 0) + 1;
      place += stride;
      if ((index[at] ?? 0) < size) break;
      place -= size * stride;
      index[at] = 0;
    }
  }
}

/** Gathers a view's numbers from the part of the storage that spans them. */
async function gather(
  name: string,
  { dtype, shape, strides }: PickledTensor & TensorDescription,
  readNumbers: (start: number, count: number) => Promise<Uint8Array>,
): Promise<Float32Array> {
  const count = shape.reduce((product, size) => product * size, 1);
  if (count === 0) return new Float32Array(0);
  const span = 1 + shape.reduce((sum, size, at) => sum + (size - 1) * (strides[at] ?? 0), 0);
  if (span * DTYPE_BYTES[dtype] > MAX_SPAN_BYTES) {
    throw new EngineError(
      "fileTooLarge",
      `The numbers of ${name} lie too far apart to be read. Save the tensor with .contiguous().`,
      { tensor: name, limitBytes: MAX_SPAN_BYTES },
    );
  }
  const numbers = toFloat32({ dtype, shape: [span], data: await readNumbers(0, span) });
  const values = new Float32Array(count);
  let at = 0;
  for (const place of places(shape, strides)) values[at++] = numbers[place] ?? 0;
  return values;
}

async function readRows(
  source: ByteSource,
  tensors: ReadonlyMap<string, StoredTensor>,
  name: string,
  start: number,
  count: number,
): Promise<Float32Array> {
  const { tensor, width } = requireRows(tensors, name, start, count);
  const { dtype, entry, shape, strides, offset } = tensor;
  const begin = await findEntryBytes(source, entry);
  const first = offset + start * (strides[0] ?? 0);
  const readNumbers = (from: number, numbers: number) =>
    readExactly(source, begin + (first + from) * DTYPE_BYTES[dtype], numbers * DTYPE_BYTES[dtype]);
  const rows = shape.length === 0 ? [] : [count, ...shape.slice(1)];
  const part = { ...tensor, shape: rows };
  // A 0-dimensional tensor of which no row is asked for has a shape without that row.
  if (count * width === 0) return new Float32Array(0);
  if (!isContiguous({ ...part, strides })) return gather(name, part, readNumbers);
  return toFloat32({ dtype, shape: [count * width], data: await readNumbers(0, count * width) });
}

/**
 * Opens a file of `torch.save`: a dictionary of tensors, or one under "state_dict".
 * @throws EngineError("fileUnknown") naming what is refused, EngineError("fileCorrupt"), EngineError("fileTooLarge")
 */
export async function openTorch(source: ByteSource): Promise<TensorSource> {
  const entries = await listStoredZip(source);
  const { folder, list } = findList(source, entries);
  if (list.size > MAX_PICKLE_BYTES)
    throw corruptFile(source, "its list of tensors is longer than that of any model");
  await requireLittleEndian(source, entries.get(`${folder}/byteorder`));
  const dictionary = findDictionary(source, unpickle(source.name, await readEntry(source, list)));
  const tensors = new Map<string, StoredTensor>();
  for (const [key, value] of dictionary) {
    if (!isTensor(value)) continue;
    const name = String(key);
    tensors.set(name, placeTensor(source, name, value, entries.get(`${folder}/data/${value.storage.key}`)));
  }
  return { tensors, readRows: (name, start, count) => readRows(source, tensors, name, start, count) };
}
