/** Opens a model folder; config.json decides the family. */
import { EngineError } from "../errors.ts";
import { registerKernels } from "../kernels/registerKernels.ts";
import { expandInt8Rows } from "../safetensors/int8Rows.ts";
import { readSafetensors, type SafetensorsFile } from "../safetensors/safetensors.ts";
import { createTextTokenizer } from "../tokenizer/textTokenizer.ts";
import { loadMagvit2 } from "./magvit2/magvit2.ts";
import { parseShowoConfig } from "./showo/config.ts";
import { Showo } from "./showo/showo.ts";
import { disposeShowoNetwork, loadShowoNetwork } from "./showo/weights.ts";
import type { UnifiedModel } from "./unified.ts";

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

async function readJson(read: ReadFile, file: string): Promise<unknown> {
  const bytes = await readRequired(read, file);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw corrupt(file, cause);
  }
}

/** {} when the folder has no such file. */
async function readOptionalJson(read: ReadFile, file: string): Promise<unknown> {
  try {
    return await readJson(read, file);
  } catch (thrown) {
    if (thrown instanceof EngineError && thrown.code === "modelMissing") return {};
    throw thrown;
  }
}

async function readTensors(read: ReadFile, file: string): Promise<SafetensorsFile["tensors"]> {
  const bytes = await readRequired(read, file);
  try {
    return expandInt8Rows(readSafetensors(bytes).tensors);
  } catch (cause) {
    throw corrupt(file, cause);
  }
}

/**
 * Loads a model of any known family.
 * @param read reads config.json, tokenizer.json, tokenizer_config.json (may be absent), model.safetensors and
 *   vq.safetensors @param id name for messages and records
 * @throws EngineError("modelMissing") or EngineError("modelCorrupt"), both naming the file
 */
export async function loadModel(read: ReadFile, id: string): Promise<UnifiedModel> {
  registerKernels();
  const json = await readJson(read, "config.json");
  const family = (json as { model_type?: unknown } | null)?.model_type;
  if (family !== "showo") {
    throw new EngineError(
      "modelCorrupt",
      `The model's config.json names the family ${JSON.stringify(family)}; known is "showo".`,
      { file: "config.json" },
    );
  }
  const config = parseShowoConfig(json);
  const textTokenizer = createTextTokenizer(
    await readJson(read, "tokenizer.json"),
    await readOptionalJson(read, "tokenizer_config.json"),
  );
  const network = loadShowoNetwork(config, await readTensors(read, "model.safetensors"));
  try {
    const imageTokenizer = loadMagvit2(config.magvit2, await readTensors(read, "vq.safetensors"));
    return new Showo(id, network, imageTokenizer, textTokenizer);
  } catch (thrown) {
    disposeShowoNetwork(network);
    throw thrown;
  }
}
