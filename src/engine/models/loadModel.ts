/** Opens a model folder; config.json decides the family. */
import { EngineError } from "../errors.ts";
import { registerKernels } from "../kernels/registerKernels.ts";
import type { ModelFormat } from "../quant/quantFormat.ts";
import { createTextTokenizer } from "../tokenizer/textTokenizer.ts";
import { loadMagvit2 } from "./magvit2/magvit2.ts";
import { type ReadFile, readJson, readOptionalJson, readStored, readTensors } from "./modelFolder.ts";
import { parseShowoConfig, type ShowoConfig } from "./showo/config.ts";
import { reportPacking } from "./showo/packingReport.ts";
import { Showo } from "./showo/showo.ts";
import { disposeShowoNetwork, listShowoParameters, loadShowoNetwork } from "./showo/weights.ts";
import type { UnifiedModel, WeightReport } from "./unified.ts";

/** How a model is opened. */
export interface LoadOptions {
  /** Packed, nothing of a matrix is kept in f32 on WebGPU; other backends compute with an f32 copy. "f32" unless told. */
  readonly weights?: ModelFormat;
}

/** @throws EngineError("modelMissing") or EngineError("modelCorrupt"), both naming the file */
async function readConfig(read: ReadFile): Promise<ShowoConfig> {
  const json = await readJson(read, "config.json");
  const family = (json as { model_type?: unknown } | null)?.model_type;
  if (family !== "showo") {
    throw new EngineError(
      "modelCorrupt",
      `The model's config.json names the family ${JSON.stringify(family)}; known is "showo".`,
      { file: "config.json" },
    );
  }
  return parseShowoConfig(json);
}

/**
 * Loads a model of any known family.
 * @param read reads config.json, tokenizer.json, tokenizer_config.json (may be absent), model.safetensors and
 *   vq.safetensors @param id name for messages and records
 * @throws EngineError("modelMissing") or EngineError("modelCorrupt"), both naming the file
 */
export async function loadModel(
  read: ReadFile,
  id: string,
  { weights = "f32" }: LoadOptions = {},
): Promise<UnifiedModel> {
  registerKernels();
  const config = await readConfig(read);
  const textTokenizer = createTextTokenizer(
    await readJson(read, "tokenizer.json"),
    await readOptionalJson(read, "tokenizer_config.json"),
  );
  const network = loadShowoNetwork(config, await readStored(read, "model.safetensors"), weights);
  try {
    const imageTokenizer = loadMagvit2(config.magvit2, await readTensors(read, "vq.safetensors"));
    return new Showo(id, network, imageTokenizer, textTokenizer);
  } catch (thrown) {
    disposeShowoNetwork(network);
    throw thrown;
  }
}

/**
 * What a model's weights take in a format, and how far they are from its file's. Runs on no device.
 * @param read reads config.json and model.safetensors
 * @throws EngineError("modelMissing") or EngineError("modelCorrupt"), both naming the file or the tensor
 */
export async function reportWeights(read: ReadFile, weights: ModelFormat): Promise<WeightReport> {
  const config = await readConfig(read);
  const tensors = await readStored(read, "model.safetensors");
  return reportPacking(listShowoParameters(config), tensors, weights);
}
