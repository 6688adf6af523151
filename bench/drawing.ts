/**
 * Drawing with the text's keys and values cached, against the plain way: every row, pads aside, and the whole head in
 * each step. The plain way is timed without its sampling, so the ratio understates the cache.
 */
import { folderReader } from "../src/cli/node/files.ts";
import { parseShowoConfig, type ShowoConfig } from "../src/engine/models/showo/config.ts";
import { seededNoise } from "../src/engine/models/showo/drawSettings.ts";
import { drawCodes } from "../src/engine/models/showo/generate.ts";
import { plainLogits } from "../src/engine/models/showo/goldenBatch.ts";
import { drawMask } from "../src/engine/models/showo/masks.ts";
import { drawPrefix, imageBlock } from "../src/engine/models/showo/prompts.ts";
import {
  disposeShowoNetwork,
  loadShowoNetwork,
  type ShowoNetwork,
} from "../src/engine/models/showo/weights.ts";
import type { ModelFormat } from "../src/engine/quant/quantFormat.ts";
import { readSafetensors } from "../src/engine/safetensors/safetensors.ts";
import type { Contender } from "./rounds.ts";

const IMAGES = 8;
const STEPS = 8;
/** Any ids of the text vocabulary do; eight words are a usual prompt. */
const PROMPT_TOKENS = Array.from({ length: 8 }, (_, at) => at + 1);

/** A model's transformer without its tokenizers. */
export async function openNetwork(folder: string, weights: ModelFormat): Promise<ShowoNetwork> {
  const read = folderReader(folder);
  const config = parseShowoConfig(JSON.parse(Buffer.from(await read("config.json")).toString("utf8")));
  return loadShowoNetwork(config, readSafetensors(await read("model.safetensors")).tensors, weights);
}

export { disposeShowoNetwork };

function plainBatch(config: ShowoConfig) {
  const prefix = drawPrefix(PROMPT_TOKENS, config);
  const hidden = new Int32Array(config.imageTokenCount).fill(-1);
  const row = [...prefix, ...imageBlock(hidden, config)];
  const ids = Int32Array.from({ length: IMAGES * row.length }, (_, at) => row[at % row.length] ?? 0);
  const mask = drawMask(row.length, 0, prefix.length);
  return { ids, batch: IMAGES, length: row.length, masks: Array.from({ length: IMAGES }, () => mask) };
}

/** The two ways to run the transformer for eight images of eight steps, without guidance. */
export async function drawingContenders(network: ShowoNetwork): Promise<Contender[]> {
  const tf = await import("@tensorflow/tfjs-core");
  const { config } = network;
  const prefixes = Array.from({ length: IMAGES }, () => drawPrefix(PROMPT_TOKENS, config));
  const seeds = prefixes.map((_, at) => `bench/${at}`);
  const batch = plainBatch(config);
  const draw = async (steps: number) => {
    await drawCodes(network, prefixes, seededNoise(seeds, config.imageTokenCount), {
      steps,
      guidanceScale: 0,
      temperature: 1,
    });
  };
  const runPlain = async (steps: number) => {
    for (let step = 0; step < steps; step++) {
      const logits = tf.tidy(() => plainLogits(network, batch));
      await logits.data();
      logits.dispose();
    }
  };
  return [
    { name: "cached prefix", prepare: () => draw(1), run: () => draw(STEPS) },
    { name: "plain forward", prepare: () => runPlain(1), run: () => runPlain(STEPS) },
  ];
}
