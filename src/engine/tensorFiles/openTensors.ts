/** Opens the weights of a folder, whichever of the usual ways they are stored. */
import { z } from "zod";
import { EngineError } from "../errors.ts";
import { type ByteSource, readExactly } from "./byteSource.ts";
import { openSafetensors } from "./safetensorsSource.ts";
import type { TensorSource } from "./tensorSource.ts";
import { openTorch } from "./torchSource.ts";

/** Exists in pages, workers and Node, but not in the engine's DOM-free type library. */
declare const TextDecoder: new () => { decode(bytes: Uint8Array): string };

/** A folder as the import sees it. */
export interface TensorFolder {
  /** For messages. */
  readonly name: string;
  /** Names of its files. */
  readonly files: readonly string[];
  open(file: string): Promise<ByteSource>;
}

const INDEX = /\.(safetensors|bin)\.index\.json$/;
const WEIGHTS = /\.(safetensors|bin|pt|pth)$/;
/** The list of shards of a large model has a tenth of it. */
const MAX_INDEX_BYTES = 32_000_000;
const MAX_SHARDS = 1000;
const ZIP_START = 0x504b;
/** A pickle without a zip around it begins so: PyTorch before 1.6. */
const OLD_START = 0x8002;

const Index = z.object({ weight_map: z.record(z.string(), z.string()) });

/**
 * One file, by its first bytes rather than its name.
 * @throws EngineError("fileUnknown") for PyTorch's old format, else as `openSafetensors` and `openTorch`
 */
export async function openTensorFile(source: ByteSource): Promise<TensorSource> {
  const start = await readExactly(source, 0, Math.min(2, source.size));
  const magic = ((start[0] ?? 0) << 8) | (start[1] ?? 0);
  if (magic === ZIP_START) return openTorch(source);
  if (magic !== OLD_START) return openSafetensors(source);
  throw new EngineError(
    "fileUnknown",
    `${source.name} is in the format that PyTorch wrote before version 1.6. Load it with torch.load and save it again.`,
    { file: source.name },
  );
}

function badIndex(file: string, reason: string): EngineError {
  return new EngineError("fileCorrupt", `${file} is damaged: ${reason}. Download it again.`, {
    file,
    reason,
  });
}

async function readIndex(folder: TensorFolder, file: string): Promise<Map<string, string>> {
  const source = await folder.open(file);
  if (source.size > MAX_INDEX_BYTES) throw badIndex(file, "it is longer than that of any model");
  const text = new TextDecoder().decode(await readExactly(source, 0, source.size));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw badIndex(file, "it is not JSON");
  }
  const parsed = Index.safeParse(json);
  if (!parsed.success) throw badIndex(file, "it has no weight_map of tensors and files");
  return new Map(Object.entries(parsed.data.weight_map));
}

/** Several files as one, as their index says. */
async function openShards(folder: TensorFolder, file: string): Promise<TensorSource> {
  const index = await readIndex(folder, file);
  const names = new Set(index.values());
  if (names.size > MAX_SHARDS) throw badIndex(file, `it names ${names.size} files`);
  const missing = [...names].filter((name) => !folder.files.includes(name));
  if (missing.length > 0) {
    throw new EngineError(
      "modelMissing",
      `${folder.name} lacks ${missing.join(", ")}. Download these files too.`,
      {
        missing: missing.length,
      },
    );
  }
  const shards = new Map<string, TensorSource>();
  for (const name of names) shards.set(name, await openTensorFile(await folder.open(name)));
  const owners = new Map<string, TensorSource>();
  for (const [name, shardName] of index) {
    const shard = shards.get(shardName);
    if (!shard?.tensors.has(name)) throw badIndex(file, `${shardName} has no tensor ${name}`);
    owners.set(name, shard);
  }
  return joinSources(owners);
}

/** Tensors of several sources as one, each by its owner. */
function joinSources(owners: ReadonlyMap<string, TensorSource>): TensorSource {
  const tensors = new Map(
    [...owners].flatMap(([name, { tensors: own }]) => {
      const tensor = own.get(name);
      return tensor ? [[name, tensor] as const] : [];
    }),
  );
  return {
    tensors,
    readRows: async (name, start, count) => {
      const owner = owners.get(name);
      if (owner) return owner.readRows(name, start, count);
      throw new EngineError("badInput", `The files have no tensor ${name}. Check its name.`, {
        tensor: name,
      });
    },
  };
}

/** Names that hold a model, the first first: safetensors need no unpickling. */
const USUAL = ["safetensors", "bin"].flatMap((ending) =>
  ["pytorch_model", "model", "diffusion_pytorch_model"].map((name) => `${name}.${ending}`),
);

/** The file of weights: by its usual name, else the only one. */
function chooseFile({ name, files }: TensorFolder): string {
  const usual = USUAL.find((file) => files.includes(file));
  const found = files.filter((file) => WEIGHTS.test(file));
  const [only] = found;
  if (usual !== undefined) return usual;
  if (only !== undefined && found.length === 1) return only;
  const what =
    only === undefined
      ? "has no weights: a .safetensors, .bin or .pt file"
      : `has several files of weights (${found.join(", ")}) and no index of them`;
  throw new EngineError("modelMissing", `${name} ${what}. Point to the folder as it was published.`, {
    folder: name,
    found: found.length,
  });
}

/**
 * The weights of a folder: by an index of shards where there is one, else its file of weights.
 * @throws EngineError("modelMissing") for a folder without weights, with shards missing, or with several files and no index
 */
export async function openTensors(folder: TensorFolder): Promise<TensorSource> {
  const indices = folder.files.filter((file) => INDEX.test(file)).toSorted();
  const index = indices.find((file) => file.includes(".safetensors.")) ?? indices[0];
  if (index !== undefined) return openShards(folder, index);
  return openTensorFile(await folder.open(chooseFile(folder)));
}
