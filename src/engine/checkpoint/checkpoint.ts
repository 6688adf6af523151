/**
 * A run as bytes: one safetensors file with the adapter's tensors, the optimizer's moments, and in its metadata the
 * step, the configuration and a SHA-256 over all of it. A file is either read whole and right, or refused.
 */
import { type Tensor, tensor, type Variable } from "@tensorflow/tfjs-core";
import { type RunConfig, runConfigSchema } from "../config.ts";
import { EngineError } from "../errors.ts";
import type { UnifiedModel } from "../models/unified.ts";
import type { StoredTensor } from "../optim/adamw.ts";
import type { TrainerState } from "../rl/trainer.ts";
import { readSafetensors, type SafetensorsEntry, writeSafetensors } from "../safetensors/safetensors.ts";
import { fromFloat32, toFloat32 } from "../safetensors/toFloat32.ts";

/** Web Crypto and the text coder exist in pages, workers and Node, but not in the engine's DOM-free type library. */
declare const crypto: { subtle: { digest(name: string, bytes: Uint8Array): Promise<ArrayBuffer> } };
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

const FORMAT = "unirl-checkpoint";
const VERSION = "1";

/** A decoded checkpoint. */
export interface Checkpoint {
  readonly modelId: string;
  /** Finished steps. */
  readonly step: number;
  /** The optimizer's update count. */
  readonly updates: number;
  readonly config: RunConfig;
  /** What the application stored beside the run (curves, thumbnails, …), as JSON. */
  readonly extra: unknown;
  /** F32: the adapter under its PEFT names, the moments under `moment1/` and `moment2/` + name. */
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
}

const MOMENTS = ["moment1/", "moment2/"] as const;

/** The adapter's own tensors, without the optimizer's. */
export function adapterTensors({ tensors }: Checkpoint): Map<string, SafetensorsEntry> {
  return new Map([...tensors].filter(([name]) => !MOMENTS.some((prefix) => name.startsWith(prefix))));
}

/** Every tensor of a checkpoint to whose adapter these belong, with the optimizer at its beginning: moments zero. */
export function withZeroMoments(
  adapter: ReadonlyMap<string, SafetensorsEntry>,
): Map<string, SafetensorsEntry> {
  const tensors = new Map(adapter);
  for (const [name, entry] of adapter) {
    for (const prefix of MOMENTS) {
      tensors.set(`${prefix}${name}`, { ...entry, data: new Uint8Array(entry.data.length) });
    }
  }
  return tensors;
}

/** SHA-256, in hex, of the metadata (checksum excluded) and every tensor's name, dtype, shape and bytes. */
async function checksum(
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  metadata: Readonly<Record<string, string>>,
): Promise<string> {
  const described = [...tensors].map(([name, { dtype, shape }]) => [name, dtype, shape]);
  const fields = Object.entries(metadata).filter(([name]) => name !== "checksum");
  const sorted = fields.toSorted(([a], [b]) => (a < b ? -1 : 1));
  const parts = [new TextEncoder().encode(JSON.stringify([sorted, described]))];
  for (const { data } of tensors.values()) parts.push(data);
  const bytes = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function storedVariable(variable: Variable): StoredTensor {
  return {
    shape: variable.shape,
    data: () => variable.data<"float32">(),
    assign: (values) => variable.assign(values),
  };
}

/** Every tensor that makes up the trainer's state, by its name in the file. */
function stateTensors(model: UnifiedModel, state: TrainerState): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  for (const { name, variable } of model.adapterVariables()) tensors.set(name, storedVariable(variable));
  for (const [name, { first, second }] of state.optimizer.moments()) {
    tensors.set(`${MOMENTS[0]}${name}`, first);
    tensors.set(`${MOMENTS[1]}${name}`, second);
  }
  return tensors;
}

/**
 * Writes a checkpoint. Everything is taken from between two steps: do not train until it has resolved.
 * @param extra JSON value kept beside the run
 */
export async function encodeCheckpoint(
  state: TrainerState,
  model: UnifiedModel,
  config: RunConfig,
  extra: unknown = null,
): Promise<Uint8Array> {
  const { step, optimizer } = state;
  const reads = [...stateTensors(model, state)].map(async ([name, held]) => {
    return [name, fromFloat32(await held.data(), held.shape)] as const;
  });
  const { updates } = optimizer;
  const tensors = new Map(await Promise.all(reads));
  return await writeCheckpoint({ modelId: model.id, step, updates, config, extra, tensors });
}

/** The bytes of a checkpoint whose content is at hand. */
export async function writeCheckpoint(checkpoint: Checkpoint): Promise<Uint8Array> {
  const { modelId, step, updates, config, extra, tensors } = checkpoint;
  const metadata = {
    format: FORMAT,
    version: VERSION,
    model: modelId,
    step: String(step),
    updates: String(updates),
    config: JSON.stringify(config),
    extra: JSON.stringify(extra),
  };
  return writeSafetensors(tensors, { ...metadata, checksum: await checksum(tensors, metadata) });
}

function corrupt(reason: string, cause?: unknown): EngineError {
  return new EngineError(
    "checkpointCorrupt",
    `This checkpoint is damaged: ${reason}. Use an earlier one, or start the run anew.`,
    { reason },
    { cause },
  );
}

function parseCount(text: string | undefined): number {
  const count = Number(text);
  if (text === undefined || text === "" || !Number.isSafeInteger(count) || count < 0) {
    throw corrupt("its step is not a number");
  }
  return count;
}

function parseJson(text: string | undefined, what: string): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch (cause) {
    throw corrupt(`its ${what} cannot be read`, cause);
  }
}

/**
 * Reads a checkpoint and verifies its checksum. The tensors are views on `bytes`.
 * @throws EngineError("checkpointCorrupt") for anything but a whole, unchanged file;
 *   EngineError("fileTooNew") for a later format; EngineError("checkpointMismatch") for an earlier one and for unknown settings
 */
export async function decodeCheckpoint(bytes: Uint8Array): Promise<Checkpoint> {
  let file: ReturnType<typeof readSafetensors>;
  try {
    file = readSafetensors(bytes);
  } catch (cause) {
    throw corrupt(cause instanceof Error ? cause.message : String(cause), cause);
  }
  const { tensors, metadata } = file;
  if (metadata.format !== FORMAT) throw corrupt("it is a safetensors file, but not a checkpoint");
  // Before its checksum, which a later version may build in another way.
  if (Number(metadata.version) > Number(VERSION)) {
    throw new EngineError(
      "fileTooNew",
      `This checkpoint has format version ${metadata.version}; version ${VERSION} is the newest that is read here. Reload or update for a newer program.`,
      { version: metadata.version ?? null },
    );
  }
  if (metadata.checksum !== (await checksum(tensors, metadata))) throw corrupt("its checksum does not fit");
  if (metadata.version !== VERSION) {
    throw new EngineError(
      "checkpointMismatch",
      `This checkpoint has format version ${metadata.version}; this program reads version ${VERSION}.`,
      { version: metadata.version ?? null },
    );
  }
  const config = runConfigSchema.safeParse(parseJson(metadata.config, "configuration"));
  if (!config.success) {
    throw new EngineError(
      "checkpointMismatch",
      "This checkpoint's configuration has fields or values that this version does not know. Start the run anew.",
      { issues: config.error.message },
    );
  }
  return {
    modelId: metadata.model ?? "",
    step: parseCount(metadata.step),
    updates: parseCount(metadata.updates),
    config: config.data,
    extra: parseJson(metadata.extra, "extra record"),
    tensors,
  };
}

type Shapes = ReadonlyMap<string, Pick<StoredTensor, "shape">>;

/** Compares names and shapes before anything is written. @throws EngineError("checkpointMismatch") */
function checkFit(checkpoint: Checkpoint, model: UnifiedModel, expected: Shapes): void {
  const mismatch = (reason: string, data: EngineError["data"]): EngineError =>
    new EngineError(
      "checkpointMismatch",
      `This checkpoint does not belong here: ${reason}. Open the model it was made with, with the same adapter.`,
      data,
    );
  if (checkpoint.modelId !== model.id) {
    const data = { expected: model.id, found: checkpoint.modelId };
    throw mismatch(`it was made with model ${checkpoint.modelId}, not ${model.id}`, data);
  }
  for (const [name, { shape }] of expected) {
    const found = checkpoint.tensors.get(name)?.shape.join("×") ?? "nothing";
    const wanted = shape.join("×");
    if (found !== wanted) throw mismatch(`${name} is ${found} instead of ${wanted}`, { tensor: name });
  }
  const surplus = [...checkpoint.tensors.keys()].find((name) => !expected.has(name));
  if (surplus !== undefined) throw mismatch(`the model has no tensor ${surplus}`, { tensor: surplus });
}

/** Shape of one half of an adapter at another rank: A is [r, in], B is [out, r]. */
function atRank(name: string, [rows = 0, columns = 0]: readonly number[], rank: number): number[] {
  return name.endsWith(".lora_A.weight") ? [rank, columns] : [rows, rank];
}

/**
 * Whether a checkpoint could be restored into a model, whatever the rank of the adapter that is attached now. Nothing
 * changes but an adapter attached where there was none.
 * @throws EngineError("checkpointMismatch") when it could not, EngineError("checkpointCorrupt") when it holds numbers
 *   that are not finite
 */
export function requireFit(checkpoint: Checkpoint, model: UnifiedModel): void {
  const { loraRank, loraAlpha, seed } = checkpoint.config;
  if (model.adapterVariables().length === 0) model.attachAdapter({ rank: loraRank, alpha: loraAlpha, seed });
  const shapes = new Map<string, { shape: number[] }>();
  for (const { name, variable } of model.adapterVariables()) {
    for (const prefix of ["", ...MOMENTS]) {
      shapes.set(`${prefix}${name}`, { shape: atRank(name, variable.shape, loraRank) });
    }
  }
  checkFit(checkpoint, model, shapes);
  for (const [name, entry] of checkpoint.tensors) {
    if (!toFloat32(entry).every(Number.isFinite)) throw corrupt(`${name} has numbers that are not finite`);
  }
}

/**
 * Puts a checkpoint into a model whose adapter was attached with the checkpoint's `config`, and into its trainer
 * state. The next steps then equal those of a run that was never stopped (same backend).
 * @throws EngineError("checkpointMismatch") with nothing written
 */
export function restoreCheckpoint(checkpoint: Checkpoint, model: UnifiedModel, state: TrainerState): void {
  const held = stateTensors(model, state);
  checkFit(checkpoint, model, held);
  for (const [name, target] of held) {
    const entry = checkpoint.tensors.get(name);
    if (!entry) continue;
    const values: Tensor = tensor(toFloat32(entry), [...target.shape], "float32");
    target.assign(values);
    values.dispose();
  }
  state.step = checkpoint.step;
  state.optimizer.updates = checkpoint.updates;
}
