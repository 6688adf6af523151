/**
 * What a Show-o takes of the device's memory, from its sizes alone. Rows are counted as if every image had a prompt of its
 * own, of the longest kind, so the sums are upper bounds.
 */
import { layoutOf, type ModelFormat } from "../../quant/quantFormat.ts";
import type { MemoryBytes, MemoryDemand } from "../unified.ts";
import type { ShowoConfig } from "./config.ts";
import { formatOf } from "./packing.ts";
import { imagesAtOnce } from "./pixels.ts";
import { bucketLength } from "./prompts.ts";
import { listShowoParameters } from "./weights.ts";

const F32_BYTES = 4;
/** t2i, sot, eot. */
const PROMPT_FRAME = 3;
/** mmu, soi, eoi, sot, and the words around a question. */
const ANSWER_FRAME = 12;
/** Tensors of the size of the decoder's widest layer at once: input, both halves of a block, and padded ones in twins. */
const DECODER_LAYERS = 4;
const TWIN_DECODER_LAYERS = 12;

/** A model whose memory is asked about. */
export interface ShowoSizes {
  readonly config: ShowoConfig;
  readonly weights: ModelFormat;
  /** Numbers in the image tokenizer, which stays f32. */
  readonly tokenizerNumbers: number;
  /** Pixels per side, and the decoder's channels at full size. */
  readonly imageSide: number;
  readonly pixelChannels: number;
  /** Shaders run: twins keep the probabilities of all pairs and f32 copies of packed weights. */
  readonly hasShaders: boolean;
}

/** Numbers in the linear layers of all blocks. */
function blockNumbers({ hiddenSize: d, mlpSize: m, layerCount }: ShowoConfig): number {
  return layerCount * (4 * d * d + 2 * d * m);
}

/** Bytes of all weights as they lie on the device; the head and the table's image rows are there in parts too. */
function weightBytes({ config, weights, tokenizerNumbers, hasShaders }: ShowoSizes): number {
  const { codebookSize, hiddenSize, vocabSize, imageOffset, rotary } = config;
  // With the tables of the codes' signs and of the rotation.
  const tables = 16 * (codebookSize + rotary.headSize ** 2);
  let bytes = (tokenizerNumbers + tables) * F32_BYTES;
  for (const [name, shape] of listShowoParameters(config)) {
    const [outSize = 0, inSize] = shape;
    if (inSize === undefined || weights === "f32") {
      bytes += outSize * (inSize ?? 1) * F32_BYTES;
      continue;
    }
    const { wordsPerRow, scaleWordsPerRow } = layoutOf(formatOf(name, weights), { outSize, inSize });
    bytes += outSize * (wordsPerRow + scaleWordsPerRow) * F32_BYTES;
  }
  const ends = (imageOffset + 3 * codebookSize) * hiddenSize + vocabSize;
  if (weights === "f32") bytes += ends * F32_BYTES;
  else bytes += 2 * codebookSize * hiddenSize;
  // Twins multiply with the transpose in the backward pass, and with f32 copies of packed words in both.
  if (hasShaders) return bytes;
  const copies = blockNumbers(config) + (imageOffset + codebookSize) * hiddenSize;
  return bytes + copies * F32_BYTES * (weights === "f32" ? 1 : 2);
}

/** Numbers in an adapter of every linear layer, and in the copies that layers read as one. */
function adapterNumbers({ hiddenSize: d, mlpSize: m, layerCount }: ShowoConfig, rank: number) {
  const qkv = 3 * rank * 2 * d;
  const rest = rank * 2 * d + 2 * rank * (d + m);
  return { own: layerCount * (qkv + rest), joined: layerCount * qkv };
}

/** Rows of one image behind its prompt, and of one image before its question and answer. */
function rowsOf({ imageTokenCount, maxTextLength }: ShowoConfig, demand: MemoryDemand) {
  const { textTokens = maxTextLength, answerMaxTokens } = demand;
  const drawn = bucketLength(textTokens + PROMPT_FRAME) + imageTokenCount + 2;
  const asked = bucketLength(imageTokenCount + textTokens + ANSWER_FRAME) + answerMaxTokens;
  return { drawn, asked };
}

/** Numbers that a row of a block leaves for its gradient, and those that come and go meanwhile. */
function rowNumbers(config: ShowoConfig, columns: number, hasShaders: boolean) {
  const { hiddenSize: d, mlpSize: m, headCount } = config;
  // Norm, projections, rotated heads, attention, its sum with the input; both sides of the activation.
  const kept = 10 * d + 2 * m;
  if (hasShaders) return { kept, passing: 4 * d + 2 * m };
  // x̂ of three norms, the activation's slope, and the probabilities of all pairs.
  return { kept: kept + 3 * d + m + headCount * columns, passing: 8 * d + 4 * m + 4 * headCount * columns };
}

/** One pass' tape and its way back. */
function learningNumbers({ config, hasShaders }: ShowoSizes, demand: MemoryDemand): number {
  const { layerCount, hiddenSize, codebookSize, imageTokenCount } = config;
  const { imagesPerPass, isRecomputed, isEndToEnd, answerMaxTokens } = demand;
  const { drawn, asked } = rowsOf(config, demand);
  const tapeOf = (rows: number) => {
    const { kept, passing } = rowNumbers(config, rows, hasShaders);
    const numbers = imagesPerPass * rows;
    if (!isRecomputed)
      return { lasting: numbers * (layerCount * kept + passing + 4 * hiddenSize), passing: 0 };
    // One block is there twice while it is computed again.
    return { lasting: numbers * (layerCount + 4) * hiddenSize, passing: numbers * (2 * kept + passing) };
  };
  const [drawing, answering] = [tapeOf(drawn), tapeOf(asked)];
  const scored = imagesPerPass * imageTokenCount * codebookSize;
  if (isEndToEnd) {
    // Logits, noise and probabilities of the differentiable image.
    const passing = Math.max(drawing.passing, answering.passing);
    return drawing.lasting + answering.lasting + passing + 5 * scored;
  }
  // Twins write down all logits.
  const images = drawing.lasting + drawing.passing + (hasShaders ? 0 : 4 * scored);
  const text = hasShaders ? 0 : 4 * imagesPerPass * answerMaxTokens * config.imageOffset;
  return Math.max(images, answering.lasting + answering.passing + text);
}

/** Keys and values of all layers, one layer's rows, and what a pass of frozen weights needs besides. */
function runningNumbers({ config, weights, hasShaders }: ShowoSizes, rows: number, count: number): number {
  const { layerCount, hiddenSize } = config;
  const { kept, passing } = rowNumbers(config, rows, hasShaders);
  const cache = 2 * layerCount * hiddenSize;
  const merged = weights === "f32" || !hasShaders ? blockNumbers(config) : 0;
  return count * rows * (2 * cache + kept + passing) + merged;
}

/** @returns bytes, an upper bound for every part */
export function estimateShowoMemory(sizes: ShowoSizes, demand: MemoryDemand): MemoryBytes {
  const { config, imageSide, pixelChannels, hasShaders } = sizes;
  const { imagesPerCall, imagesPerStep, isGuided, isRepeated, loraRank } = demand;
  const asOpened = { ...sizes, weights: demand.weights ?? sizes.weights };
  const { drawn, asked } = rowsOf(config, demand);
  const { own, joined } = adapterNumbers(config, loraRank);
  const logits = imagesPerCall * config.imageTokenCount * config.codebookSize;
  const passes = isGuided ? 2 : 1;
  const pixels = Math.min(imagesPerStep, imagesAtOnce(imageSide)) * imageSide ** 2;
  const layers = hasShaders ? DECODER_LAYERS : TWIN_DECODER_LAYERS;
  return {
    weights: weightBytes(asOpened),
    adapter: (own + joined) * F32_BYTES,
    // Two moments, the sum, a pass' own; and parameters with moments of the state to go back to.
    optimizer: (isRepeated ? 7 : 4) * own * F32_BYTES,
    drawing: (passes * runningNumbers(asOpened, drawn, imagesPerCall) + 3 * passes * logits) * F32_BYTES,
    answering:
      (runningNumbers(asOpened, asked, imagesPerCall) + imagesPerCall * config.imageOffset) * F32_BYTES,
    images: layers * pixels * pixelChannels * F32_BYTES,
    learning: learningNumbers(asOpened, demand) * F32_BYTES,
  };
}
