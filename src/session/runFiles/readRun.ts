/**
 * A run from outside: a zip of `writeRun`, a bare checkpoint, or a PEFT adapter with or without its configuration. It is
 * read whole and right, or refused; storing it is for others to do.
 */
import { EngineError } from "../../engine/errors.ts";
import {
  type Checkpoint,
  checkpointOfPeft,
  decodeCheckpoint,
  readSafetensors,
  writeCheckpoint,
} from "../../engine/index.ts";
import { type Files, unpackArchive } from "../../formats/archive.ts";
import { decodeText } from "../../formats/bytes.ts";
import { findKind } from "../../formats/fileKind.ts";
import { parseJson, parseShape, requireVersion } from "../../formats/json.ts";
import { parseJsonLines } from "../../formats/metricsText.ts";
import { decodeRgb } from "../../formats/rgbPng.ts";
import type { FilmFrame, StoredRun } from "../../storage/runRecord.ts";
import { NAMES, RUN_FORMAT, type RunFile, runFileSchema } from "./runFile.ts";

/** A file as it was opened or dropped. */
export interface OpenedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Where a run would be put: the loaded model, the run's new name, and the time. */
export interface Destination {
  readonly modelId: string;
  /** Of the loaded model's weights, where known. */
  readonly modelSha256: string | null;
  readonly runId: string;
  readonly nowMs: number;
}

const CHECKPOINT_FORMAT = "unirl-checkpoint";

function inconsistent(reason: string): EngineError {
  return new EngineError("fileCorrupt", `The parts of this run do not belong together: ${reason}.`, {
    reason,
  });
}

function requirePart(files: Files, name: string): Uint8Array {
  const part = files.get(name);
  if (part) return part;
  throw new EngineError("fileUnknown", `This zip is not a run of this page: it has no ${name}.`, { name });
}

function readText(bytes: Uint8Array, name: string): string {
  const text = decodeText(bytes);
  if (text !== null) return text;
  throw new EngineError("fileCorrupt", `${name} is not text.`, { name });
}

/** @throws EngineError("checkpointMismatch") when the run was made with other weights than those that are loaded */
function requireModel(modelId: string, sha256: string | null, destination: Destination): void {
  if (modelId !== destination.modelId) {
    throw new EngineError(
      "checkpointMismatch",
      `This was made with the model ${modelId}; ${destination.modelId} is open. Open ${modelId} first.`,
      { expected: destination.modelId, found: modelId },
    );
  }
  if (sha256 !== null && destination.modelSha256 !== null && sha256 !== destination.modelSha256) {
    throw new EngineError(
      "checkpointMismatch",
      `This was made with other weights of ${modelId} than those that are open, so its adapter means nothing here.`,
      { expected: destination.modelSha256, found: sha256 },
    );
  }
}

/** Metrics by step, oldest first, without gaps and not beyond the last finished step. */
function readHistory(text: string, lastStep: number): Record<string, number>[] {
  const { rows } = parseJsonLines(text);
  const firstStep = lastStep - rows.length + 1;
  if (rows.some(({ step }, at) => step !== firstStep + at)) {
    throw inconsistent(`its metrics do not lead up to step ${lastStep}`);
  }
  return rows.map(({ values }) => ({ ...values }));
}

function readFilm(files: Files, { filmstrip }: RunFile): FilmFrame[] {
  return filmstrip.map(({ file, ...frame }) => ({
    ...frame,
    image: decodeRgb(requirePart(files, file), file),
  }));
}

async function readZip(bytes: Uint8Array, destination: Destination): Promise<StoredRun> {
  const files = await unpackArchive(bytes);
  const json = parseJson(readText(requirePart(files, NAMES.run), NAMES.run), RUN_FORMAT.what);
  requireVersion(json, RUN_FORMAT);
  const run: RunFile = parseShape(runFileSchema, json, RUN_FORMAT.what);
  const { model, preset, config, step, createdAtMs, changes } = run;
  requireModel(model.id, model.sha256, destination);
  const checkpointBytes = requirePart(files, NAMES.checkpoint);
  const checkpoint = await decodeCheckpoint(checkpointBytes);
  requireModel(checkpoint.modelId, null, destination);
  if (checkpoint.step !== step)
    throw inconsistent(`the checkpoint is of step ${checkpoint.step}, not ${step}`);
  const { loraRank, loraAlpha, seed } = checkpoint.config;
  if (loraRank !== config.loraRank || loraAlpha !== config.loraAlpha || seed !== config.seed) {
    throw inconsistent("the checkpoint has another rank, alpha or seed");
  }
  const lines = readText(requirePart(files, NAMES.metricsLines), NAMES.metricsLines);
  const { runId, modelId, nowMs: savedAtMs } = destination;
  return {
    record: {
      runId,
      modelId,
      title: null,
      preset,
      config,
      step,
      createdAtMs,
      savedAtMs,
      history: readHistory(lines, step),
      changes,
    },
    filmstrip: readFilm(files, run),
    bytes: checkpointBytes,
  };
}

/** A run of which only its checkpoint is known: no curves, no drawings. */
function bareRun(checkpoint: Checkpoint, bytes: Uint8Array, destination: Destination): StoredRun {
  requireModel(checkpoint.modelId, null, destination);
  const { config, step } = checkpoint;
  const { runId, modelId, nowMs } = destination;
  return {
    record: {
      runId,
      modelId,
      title: null,
      preset: "robust",
      config,
      step,
      createdAtMs: nowMs,
      savedAtMs: nowMs,
      history: [],
      changes: [],
    },
    filmstrip: [],
    bytes,
  };
}

async function readTensors(
  tensors: OpenedFile,
  settings: OpenedFile | null,
  destination: Destination,
): Promise<StoredRun> {
  if (readSafetensors(tensors.bytes).metadata.format === CHECKPOINT_FORMAT) {
    return bareRun(await decodeCheckpoint(tensors.bytes), tensors.bytes, destination);
  }
  const text = settings && readText(settings.bytes, settings.name);
  const checkpoint = checkpointOfPeft(tensors.bytes, text, destination.modelId);
  return bareRun(checkpoint, await writeCheckpoint(checkpoint), destination);
}

/**
 * Reads the files of one run.
 * @throws EngineError("fileUnknown" | "fileCorrupt" | "fileTooLarge" | "fileTooNew" | "checkpointCorrupt" |
 *   "checkpointMismatch")
 */
export async function readRun(files: readonly OpenedFile[], destination: Destination): Promise<StoredRun> {
  const archive = files.find(({ bytes }) => findKind(bytes) === "archive");
  const tensors = files.find(({ bytes }) => findKind(bytes) === "tensors");
  const rest = files.filter((file) => file !== archive && file !== tensors);
  if (archive && files.length === 1) return await readZip(archive.bytes, destination);
  if (tensors && !archive && rest.length <= 1)
    return await readTensors(tensors, rest[0] ?? null, destination);
  throw new EngineError(
    "fileUnknown",
    "This is no run: open one zip, one checkpoint, or one adapter together with its adapter_config.json.",
    { files: files.map(({ name }) => name).join(", ") },
  );
}
