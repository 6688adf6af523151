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
    tensors.set(`moment1/${name}`, first);
    tensors.set(`moment2/${name}`, second);
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
  const { updates } = optimizer;
  const reads = [...stateTensors(model, state)].map(async ([name, held]) => {
    return [name, fromFloat32(await held.data(), held.shape)] as const;
  });
  const tensors = new Map(await Promise.all(reads));
  const metadata = {
    format: FORMAT,
    version: VERSION,
    model: model.id,
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
 *   EngineError("checkpointMismatch") when another version of the program wrote it
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

/** Compares names and shapes before anything is written. @throws EngineError("checkpointMismatch") */
function checkFit(
  checkpoint: Checkpoint,
  model: UnifiedModel,
  expected: ReadonlyMap<string, StoredTensor>,
): void {
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
