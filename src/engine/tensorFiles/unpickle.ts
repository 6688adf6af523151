/**
 * Reads a pickled dictionary of tensors without running anything: a machine for the instructions that `torch.save` needs
 * for one, and for no others. Names in the file select from a fixed list of values; nothing is imported, built or called.
 *
 * Source: CPython Lib/pickletools.py (instructions of protocol 2); torch/_weights_only_unpickler.py has the same aim.
 */
import { EngineError } from "../errors.ts";
import {
  findGlobal,
  isGlobal,
  isStorage,
  isTensor,
  type PickledStorage,
  type PickledTensor,
  type PickleGlobal,
  type PickleValue,
} from "./pickleValues.ts";

/** Exists in pages, workers and Node, but not in the engine's DOM-free type library. */
declare const TextDecoder: new (
  label: string,
  options: { fatal: boolean },
) => { decode(bytes: Uint8Array): string };

/** A file of ten thousand tensors needs a quarter of each at most. */
export const MAX_PICKLE_BYTES = 32_000_000;
const MAX_VALUES = 1_000_000;
const MAX_MADE = 300_000;
const MAX_DEPTH = 100;
const MAX_DIMENSIONS = 16;
const LONGEST_NAME = 200;

/** What goes on from one instruction to the next. */
interface Machine {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
  stack: PickleValue[];
  /** Stacks below the marks. */
  readonly below: PickleValue[][];
  readonly memo: Map<number, PickleValue>;
  /** Dictionaries, lists and tensors made so far. */
  made: number;
}

function damaged({ file, at }: Machine, reason: string): EngineError {
  return new EngineError(
    "fileCorrupt",
    `The list of tensors in ${file} is damaged: ${reason}. Download or export it again.`,
    { file, reason, at },
  );
}

function refused({ file }: Machine, what: string): EngineError {
  return new EngineError(
    "fileUnknown",
    `${file} asks for ${what}, which no dictionary of tensors needs, so nothing of it was run or read. Save the model's state_dict() alone, or use its safetensors file.`,
    { file, refused: what },
  );
}

function take(machine: Machine, length: number): number {
  const start = machine.at;
  if (start + length > machine.bytes.length) throw damaged(machine, "it is cut off");
  machine.at += length;
  return start;
}

function takeText(machine: Machine, length: number): string {
  const start = take(machine, length);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(machine.bytes.subarray(start, start + length));
  } catch {
    throw damaged(machine, "a text is not UTF-8");
  }
}

function takeLine(machine: Machine): string {
  const end = machine.bytes.subarray(0, machine.at + LONGEST_NAME).indexOf(10, machine.at);
  if (end === -1) throw damaged(machine, "a name has no end");
  const line = takeText(machine, end - machine.at);
  machine.at = end + 1;
  return line;
}

function push(machine: Machine, value: PickleValue): void {
  if (machine.stack.length >= MAX_VALUES) throw damaged(machine, "it holds more values than any model");
  machine.stack.push(value);
}

function pop(machine: Machine): PickleValue {
  const value = machine.stack.pop();
  if (value === undefined) throw damaged(machine, "a value is missing");
  return value;
}

function peek(machine: Machine): PickleValue {
  const value = machine.stack.at(-1);
  if (value === undefined) throw damaged(machine, "a value is missing");
  return value;
}

/** Counts what takes memory, so that few bytes cannot ask for much of it. */
function make<T extends PickleValue>(machine: Machine, value: T): T {
  machine.made += 1;
  if (machine.made > MAX_MADE) throw damaged(machine, "it holds more values than any model");
  return value;
}

function mark(machine: Machine): void {
  if (machine.below.length >= MAX_DEPTH) throw damaged(machine, "it is nested deeper than any model");
  machine.below.push(machine.stack);
  machine.stack = [];
}

/** The values since the last mark. */
function popMark(machine: Machine): PickleValue[] {
  const values = machine.stack;
  const below = machine.below.pop();
  if (!below) throw damaged(machine, "a mark is missing");
  machine.stack = below;
  return values;
}

function remember(machine: Machine, index: number): void {
  if (machine.memo.size >= MAX_VALUES) throw damaged(machine, "it holds more values than any model");
  machine.memo.set(index, peek(machine));
}

function recall(machine: Machine, index: number): void {
  const value = machine.memo.get(index);
  if (value === undefined) throw damaged(machine, "it refers to a value that is not there");
  push(machine, value);
}

function setItems(machine: Machine, pairs: readonly PickleValue[]): void {
  const target = peek(machine);
  if (!(target instanceof Map) || pairs.length % 2 === 1)
    throw damaged(machine, "items belong to no dictionary");
  for (let at = 0; at < pairs.length; at += 2) {
    const [key, value] = [pairs[at], pairs[at + 1]];
    if (typeof key !== "string" && typeof key !== "number") throw damaged(machine, "a key is not a text");
    target.set(key, value as PickleValue);
  }
}

function append(machine: Machine, values: readonly PickleValue[]): void {
  const target = peek(machine);
  if (!Array.isArray(target)) throw damaged(machine, "values belong to no list");
  for (const value of values) target.push(value);
}

function isSize(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function requireSizes(machine: Machine, value: PickleValue | undefined): number[] {
  if (!Array.isArray(value) || value.length > MAX_DIMENSIONS || !value.every(isSize)) {
    throw damaged(machine, "a tensor has no proper shape");
  }
  return value;
}

/** `("storage", type, key, device, length)`: numbers of another entry. */
function persistent(machine: Machine): PickledStorage {
  const id = pop(machine);
  const [word, type, key, , length] = Array.isArray(id) ? id : [];
  if (word !== "storage" || typeof key !== "string" || !isSize(length)) {
    throw damaged(machine, "a reference leads to no numbers");
  }
  if (!isGlobal(type) || type.kind !== "storageType") throw damaged(machine, "a storage has no type");
  return make(machine, { kind: "storage", dtype: type.dtype, key, length });
}

function rebuildTensor(machine: Machine, values: readonly PickleValue[]): PickledTensor {
  const [storage, offset, shape, strides] = values;
  if (!isStorage(storage) || !isSize(offset)) throw damaged(machine, "a tensor has no storage");
  const [sizes, steps] = [requireSizes(machine, shape), requireSizes(machine, strides)];
  const last = sizes.reduce((sum, size, at) => sum + (size - 1) * (steps[at] ?? 0), offset);
  const count = sizes.reduce((product, size) => product * size, 1);
  const fits = count === 0 ? offset <= storage.length : last < storage.length;
  if (sizes.length !== steps.length || !Number.isSafeInteger(count) || !fits) {
    throw damaged(machine, "a tensor leaves its storage");
  }
  return make(machine, { kind: "tensor", storage, offset, shape: sizes, strides: steps });
}

function call(machine: Machine, target: PickleValue, values: PickleValue): PickleValue {
  if (!isGlobal(target) || !Array.isArray(values)) throw damaged(machine, "a call has nothing to call");
  switch (target.kind) {
    case "rebuildTensor":
      return rebuildTensor(machine, values);
    case "rebuildParameter": {
      const tensor = values[0];
      if (!isTensor(tensor)) throw damaged(machine, "a parameter has no tensor");
      return tensor;
    }
    case "orderedDict":
      if (values.length > 0) throw damaged(machine, "an OrderedDict is made in an unknown way");
      return make(machine, new Map());
    case "storageType":
      throw refused(machine, `a call of torch.${target.name}`);
    default:
      return target satisfies never;
  }
}

/** A state_dict carries the modules' versions as an attribute, which loading does not need. */
function build(machine: Machine): void {
  pop(machine);
  if (!(peek(machine) instanceof Map)) throw refused(machine, "a change of an object's attributes (BUILD)");
}

function takeGlobal(machine: Machine): PickleGlobal {
  const name = `${takeLine(machine)}.${takeLine(machine)}`;
  const found = findGlobal(name);
  if (!found) throw refused(machine, name);
  return found;
}

/** An integer of so many bytes, two's complement; more than 2^53 is rounded, and no size is that large. */
function takeLong(machine: Machine): number {
  const length = machine.view.getUint8(take(machine, 1));
  if (length > 8) throw damaged(machine, "a number has more than 64 bits");
  const start = take(machine, length);
  let value = 0n;
  for (let at = length - 1; at >= 0; at--) value = (value << 8n) | BigInt(machine.bytes[start + at] ?? 0);
  return Number(BigInt.asIntN(8 * length, value));
}

function reduce(machine: Machine): void {
  const values = pop(machine);
  push(machine, call(machine, pop(machine), values));
}

function tuple(machine: Machine, length: number): void {
  const values = Array.from({ length }, () => pop(machine)).reverse();
  push(machine, make(machine, values));
}

function requireProtocol(machine: Machine): void {
  const version = machine.view.getUint8(take(machine, 1));
  if (version !== 2) throw refused(machine, `pickle protocol ${version}`);
}

type Instruction = (machine: Machine) => void;

/** Every instruction there is but STOP, by its byte. */
const INSTRUCTIONS: ReadonlyMap<number, Instruction> = new Map<number, Instruction>([
  [0x80, requireProtocol],
  // Containers.
  [0x28, mark],
  [0x29, (m) => push(m, make(m, []))],
  [0x5d, (m) => push(m, make(m, []))],
  [0x7d, (m) => push(m, make(m, new Map()))],
  [0x74, (m) => push(m, make(m, popMark(m)))],
  [0x85, (m) => tuple(m, 1)],
  [0x86, (m) => tuple(m, 2)],
  [0x87, (m) => tuple(m, 3)],
  [0x61, (m) => append(m, [pop(m)])],
  [0x65, (m) => append(m, popMark(m))],
  [0x73, (m) => setItems(m, [pop(m), pop(m)].reverse())],
  [0x75, (m) => setItems(m, popMark(m))],
  // Plain values.
  [0x4e, (m) => push(m, null)],
  [0x88, (m) => push(m, true)],
  [0x89, (m) => push(m, false)],
  [0x4a, (m) => push(m, m.view.getInt32(take(m, 4), true))],
  [0x4b, (m) => push(m, m.view.getUint8(take(m, 1)))],
  [0x4d, (m) => push(m, m.view.getUint16(take(m, 2), true))],
  [0x8a, (m) => push(m, takeLong(m))],
  [0x47, (m) => push(m, m.view.getFloat64(take(m, 8), false))],
  [0x58, (m) => push(m, takeText(m, m.view.getUint32(take(m, 4), true)))],
  // Memory.
  [0x71, (m) => remember(m, m.view.getUint8(take(m, 1)))],
  [0x72, (m) => remember(m, m.view.getUint32(take(m, 4), true))],
  [0x68, (m) => recall(m, m.view.getUint8(take(m, 1)))],
  [0x6a, (m) => recall(m, m.view.getUint32(take(m, 4), true))],
  // What a tensor is made of.
  [0x63, (m) => push(m, takeGlobal(m))],
  [0x51, (m) => push(m, persistent(m))],
  [0x52, reduce],
  [0x62, build],
]);

const STOP = 0x2e;

/** Names of the other instructions, for the refusal. */
const REFUSED_NAMES: Readonly<Record<number, string>> = {
  48: "POP",
  49: "POP_MARK",
  50: "DUP",
  70: "FLOAT",
  73: "INT",
  76: "LONG",
  80: "PERSID",
  83: "STRING",
  84: "BINSTRING",
  85: "SHORT_BINSTRING",
  86: "UNICODE",
  100: "DICT",
  103: "GET",
  105: "INST",
  108: "LIST",
  111: "OBJ",
  112: "PUT",
  129: "NEWOBJ",
  130: "EXT1",
  131: "EXT2",
  132: "EXT4",
  139: "LONG4",
  146: "NEWOBJ_EX",
  147: "STACK_GLOBAL",
};

function refuseInstruction(machine: Machine, byte: number): EngineError {
  const name = REFUSED_NAMES[byte] ?? "unknown";
  return refused(machine, `the pickle instruction ${name} (0x${byte.toString(16).padStart(2, "0")})`);
}

/**
 * The value of a pickle. Time and memory are bounded by a multiple of its length, which is bounded itself.
 * @param file for messages
 * @throws EngineError("fileUnknown") naming an instruction or a name that is refused, EngineError("fileCorrupt") for what no
 *   `torch.save` writes, EngineError("fileTooLarge")
 */
export function unpickle(file: string, bytes: Uint8Array): PickleValue {
  if (bytes.length > MAX_PICKLE_BYTES) {
    throw new EngineError(
      "fileTooLarge",
      `The list of tensors in ${file} is longer than that of any model.`,
      {
        file,
        limitBytes: MAX_PICKLE_BYTES,
      },
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const machine: Machine = { file, bytes, view, at: 0, stack: [], below: [], memo: new Map(), made: 0 };
  for (;;) {
    const byte = view.getUint8(take(machine, 1));
    if (byte === STOP) return pop(machine);
    const instruction = INSTRUCTIONS.get(byte);
    if (!instruction) throw refuseInstruction(machine, byte);
    instruction(machine);
  }
}
