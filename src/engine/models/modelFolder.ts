/** The files of a model folder, read and parsed; every failure names the file. */
import { EngineError } from "../errors.ts";
import { readQuantised } from "../quant/quantFile.ts";
import type { QuantisedMatrix } from "../quant/quantFormat.ts";
import { expandInt8Rows, readInt8Rows } from "../safetensors/int8Rows.ts";
import { readSafetensors, type SafetensorsEntry, type SafetensorsFile } from "../safetensors/safetensors.ts";

/** Reads a file of the folder by its path inside it; rejects when there is none. */
export type ReadFile = (path: string) => Promise<Uint8Array>;

/** Exists in pages, workers and Node, but not in the engine's DOM-free type library. */
declare const TextDecoder: new () => { decode(bytes: Uint8Array): string };

async function readRequired(read: ReadFile, file: string): Promise<Uint8Array> {
  try {
    return await read(file);
  } catch (cause) {
    if (cause instanceof EngineError && cause.code !== "modelMissing") throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError(
      "modelMissing",
      `The model's ${file} could not be read (${why}). Check the model folder.`,
      { file },
      { cause },
    );
  }
}

function corrupt(file: string, cause: unknown): EngineError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new EngineError(
    "modelCorrupt",
    `The model's ${file} is damaged (${why}). Download the model again.`,
    { file },
    { cause },
  );
}

/** @throws EngineError("modelMissing") or EngineError("modelCorrupt") naming the file */
export async function readJson(read: ReadFile, file: string): Promise<unknown> {
  const bytes = await readRequired(read, file);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw corrupt(file, cause);
  }
}

/** {} when the folder has no such file. */
export async function readOptionalJson(read: ReadFile, file: string): Promise<unknown> {
  try {
    return await readJson(read, file);
  } catch (thrown) {
    if (thrown instanceof EngineError && thrown.code === "modelMissing") return {};
    throw thrown;
  }
}

async function parseTensors<T>(
  read: ReadFile,
  file: string,
  parse: (file: SafetensorsFile) => T,
): Promise<T> {
  const bytes = await readRequired(read, file);
  try {
    return parse(readSafetensors(bytes));
  } catch (cause) {
    throw corrupt(file, cause);
  }
}

/**
 * A safetensors file, int8 rows expanded.
 * @throws EngineError("modelMissing") or EngineError("modelCorrupt") naming the file
 */
export function readTensors(read: ReadFile, file: string): Promise<SafetensorsFile["tensors"]> {
  return parseTensors(read, file, ({ tensors }) => expandInt8Rows(tensors));
}

/**
 * A safetensors file as it is stored: int8 rows are checked and stay, packed matrices stand under their weights' names.
 * @throws EngineError("modelMissing") or EngineError("modelCorrupt") naming the file
 */
export function readStored(
  read: ReadFile,
  file: string,
): Promise<Map<string, SafetensorsEntry | QuantisedMatrix>> {
  return parseTensors(read, file, (stored) => {
    for (const name of stored.tensors.keys()) readInt8Rows(stored.tensors, name);
    return new Map<string, SafetensorsEntry | QuantisedMatrix>([...stored.tensors, ...readQuantised(stored)]);
  });
}
