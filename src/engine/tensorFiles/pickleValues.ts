/** What a pickled dictionary of tensors can be made of. Nothing here can be called. */
import type { SafetensorsDtype } from "../safetensors/header.ts";

/** Something that the file names and we know. `kind` says what may be done with it. */
export type PickleGlobal =
  | { readonly kind: "storageType"; readonly name: string; readonly dtype: SafetensorsDtype }
  | { readonly kind: "rebuildTensor" | "rebuildParameter" | "orderedDict"; readonly name: string };

/** Numbers in an entry of their own, not read yet. */
export interface PickledStorage {
  readonly kind: "storage";
  readonly dtype: SafetensorsDtype;
  /** Name of the entry below `data/`. */
  readonly key: string;
  /** Numbers in it. */
  readonly length: number;
}

/** A view on a storage, inside of it. */
export interface PickledTensor {
  readonly kind: "tensor";
  readonly storage: PickledStorage;
  /** Numbers before its first. */
  readonly offset: number;
  readonly shape: readonly number[];
  /** Numbers from one index to the next, dimension by dimension. */
  readonly strides: readonly number[];
}

export type PickleValue =
  | null
  | boolean
  | number
  | string
  | PickleGlobal
  | PickledStorage
  | PickledTensor
  | readonly PickleValue[]
  | PickleDictionary;

export type PickleDictionary = Map<string | number, PickleValue>;

const STORAGE_DTYPES: Readonly<Record<string, SafetensorsDtype>> = {
  FloatStorage: "F32",
  DoubleStorage: "F64",
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
  LongStorage: "I64",
  IntStorage: "I32",
  ShortStorage: "I16",
  CharStorage: "I8",
  ByteStorage: "U8",
  BoolStorage: "BOOL",
};

const GLOBALS: ReadonlyMap<string, PickleGlobal> = new Map<string, PickleGlobal>([
  ["torch._utils._rebuild_tensor_v2", { kind: "rebuildTensor", name: "_rebuild_tensor_v2" }],
  ["torch._utils._rebuild_parameter", { kind: "rebuildParameter", name: "_rebuild_parameter" }],
  ["collections.OrderedDict", { kind: "orderedDict", name: "OrderedDict" }],
  ...Object.entries(STORAGE_DTYPES).map(([name, dtype]): [string, PickleGlobal] => [
    `torch.${name}`,
    { kind: "storageType", name, dtype },
  ]),
]);

/** What a name in a file stands for; undefined for everything that a dictionary of tensors does not need. */
export function findGlobal(name: string): PickleGlobal | undefined {
  return GLOBALS.get(name);
}

export function isTensor(value: PickleValue | undefined): value is PickledTensor {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "tensor";
}

export function isStorage(value: PickleValue | undefined): value is PickledStorage {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "storage";
}

export function isGlobal(value: PickleValue | undefined): value is PickleGlobal {
  return typeof value === "object" && value !== null && "name" in value;
}
