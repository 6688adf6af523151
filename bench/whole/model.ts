/** Drawing and answering by a shipped model: tokens and answers a second. */
import { basename } from "node:path";
import { findModelFolder, folderReader } from "../../src/cli/node/files.ts";
import { loadModel } from "../../src/engine/models/loadModel.ts";
import { parseShowoConfig, type ShowoConfig } from "../../src/engine/models/showo/config.ts";
import { seededNoise } from "../../src/engine/models/showo/drawSettings.ts";
import { drawCodes } from "../../src/engine/models/showo/generate.ts";
import { drawPrefix } from "../../src/engine/models/showo/prompts.ts";
import {
  disposeShowoNetwork,
  loadShowoNetwork,
  type ShowoNetwork,
} from "../../src/engine/models/showo/weights.ts";
import type { UnifiedModel } from "../../src/engine/models/unified.ts";
import { createRng } from "../../src/engine/rng.ts";
import { readSafetensors } from "../../src/engine/safetensors/safetensors.ts";
import { asyncShaderAndTwin } from "../contenders.ts";
import { shareOfDifferent } from "../kernels/drawingOps.ts";
import { type BenchModel, labelOf, type Planned } from "../suite.ts";

/** A model of any family. */
export async function openModel({ folder, weights }: BenchModel): Promise<UnifiedModel> {
  const found = await findModelFolder(folder);
  return loadModel(folderReader(found), basename(found), { weights });
}

/** A Show-o's transformer without its tokenizers. */
async function openNetwork({ folder, weights }: BenchModel): Promise<ShowoNetwork> {
  const read = folderReader(await findModelFolder(folder));
  const config = parseShowoConfig(JSON.parse(Buffer.from(await read("config.json")).toString("utf8")));
  return loadShowoNetwork(config, readSafetensors(await read("model.safetensors")).tensors, weights);
}

/** Ids of a usual prompt: eight words of the text vocabulary, whichever. */
const PROMPT_TOKENS = Array.from({ length: 8 }, (_, at) => at + 1);

/**
 * Two images may part at a code that rounding decides, and go separate ways from there: a few codes tell nothing, more
 * would be other work.
 */
const DIFFERENT_CODES = 0.2;

export interface DrawingSizes {
  readonly images: number;
  readonly steps: number;
  /** The model's own unless told: positions are all that depends on it, so any square number can be drawn. */
  readonly tokens?: number;
}

/** Image tokens a second, drawn without guidance. */
export function planDrawing(
  name: string,
  model: BenchModel,
  { images, steps, tokens }: DrawingSizes,
): Planned {
  return {
    name,
    open: async () => {
      const opened = await openNetwork(model);
      const config: ShowoConfig = { ...opened.config, ...(tokens ? { imageTokenCount: tokens } : {}) };
      const { imageTokenCount } = config;
      const prefixes = Array.from({ length: images }, () => drawPrefix(PROMPT_TOKENS, config));
      const seeds = prefixes.map((_, at) => `bench/${at}`);
      const draw = () =>
        drawCodes({ ...opened, config }, prefixes, seededNoise(seeds, imageTokenCount), {
          steps,
          guidanceScale: 0,
          temperature: 1,
        });
      return {
        model: labelOf(model),
        shape: {
          images,
          steps,
          tokens: imageTokenCount,
          width: config.hiddenSize,
          layers: config.layerCount,
        },
        contenders: asyncShaderAndTwin({
          work: async () => {
            await draw();
          },
          values: async () => (await draw()).flatMap((codes) => [...codes]),
        }),
        finishes: { count: images * imageTokenCount, what: "tokens" },
        differ: shareOfDifferent,
        tolerance: DIFFERENT_CODES,
        dispose: () => disposeShowoNetwork(opened),
      };
    },
  };
}

export interface AnswerSizes {
  readonly images: number;
  readonly maxTokens: number;
}

/** Greedy answers a second about images of random codes. */
export function planAnswers(source: BenchModel, { images, maxTokens }: AnswerSizes): Planned {
  return {
    name: "answering",
    open: async () => {
      const model = await openModel(source);
      const { imageTokenCount, codebookSize } = model;
      const codes = Array.from({ length: images }, (_, at) => {
        const rng = createRng("bench", "image", at);
        return Int32Array.from({ length: imageTokenCount }, () => rng.int(codebookSize));
      });
      const questions = codes.map(() => "what is in the image ?");
      const answer = () => model.answerQuestions({ images: codes, questions, maxTokens });
      return {
        model: labelOf(source),
        shape: { images, maxTokens, tokens: imageTokenCount },
        contenders: asyncShaderAndTwin({
          work: async () => {
            await answer();
          },
          // The greedy choice of an answer's every token: ours and theirs must have said the same.
          values: async () => (await answer()).flatMap(({ tokens }) => [...tokens]),
        }),
        finishes: { count: images, what: "answers" },
        differ: shareOfDifferent,
        tolerance: DIFFERENT_CODES,
        dispose: () => model.dispose(),
      };
    },
  };
}
