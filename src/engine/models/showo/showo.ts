/** Show-o behind the interface that learning knows: text in, codes, answers, log-probs and gradients out. */
import * as tf from "@tensorflow/tfjs-core";
import { chunk } from "../../chunk.ts";
import { isCompilingOnly } from "../../device/compilation.ts";
import { EngineError } from "../../errors.ts";
import { runsShaders } from "../../kernels/defineOp.ts";
import { type AdapterSlot, createAdapter } from "../../lora/adapter.ts";
import { peftName } from "../../lora/peft.ts";
import { createRng } from "../../rng.ts";
import type { TextTokenizer } from "../../tokenizer/textTokenizer.ts";
import type { Magvit2 } from "../magvit2/magvit2.ts";
import type {
  AdapterVariable,
  Answer,
  AnswerRequest,
  AnswerScoreRequest,
  AnswerScores,
  DrawRequest,
  ImageCodes,
  ImageScoreRequest,
  ImageU8,
  MemoryBytes,
  MemoryDemand,
  SoftImageRequest,
  UnifiedModel,
} from "../unified.ts";
import { continueAnswers } from "./answer.ts";
import { seededNoise } from "./drawSettings.ts";
import { drawCodes } from "./generate.ts";
import { estimateShowoMemory } from "./memory.ts";
import { codesToImages, imagesAtOnce, imagesToPixels, plainCode } from "./pixels.ts";
import { answerPrefix, drawPrefix, questionText } from "./prompts.ts";
import { embedImagesSoftly, type ImageRows, scoreAnswers, scoreImages } from "./scores.ts";
import { disposeShowoNetwork, type ShowoNetwork } from "./weights.ts";

/** @throws EngineError("badInput") when lists that belong together differ in length or are empty */
function checkLengths(counts: Readonly<Record<string, number>>): void {
  const lengths = Object.values(counts);
  if (lengths.every((length) => length === lengths[0] && length > 0)) return;
  const listed = Object.entries(counts).map(([name, length]) => `${length} ${name}`);
  throw new EngineError(
    "badInput",
    `The request needs as many of each and at least one: ${listed.join(", ")}.`,
  );
}

export class Showo implements UnifiedModel {
  readonly id: string;
  readonly family = "showo";
  readonly imageSide: number;
  readonly imageTokenCount: number;
  readonly codebookSize: number;
  readonly parameterCount: number;
  readonly generation: UnifiedModel["generation"];
  readonly #network: ShowoNetwork;
  readonly #imageTokenizer: Magvit2;
  readonly #textTokenizer: TextTokenizer;
  /** Layers by full name, `showo.` included. */
  readonly #modules: ReadonlyMap<string, AdapterSlot>;
  #plainCode: number | null = null;

  /** Takes ownership of the network and the image tokenizer. */
  constructor(id: string, network: ShowoNetwork, imageTokenizer: Magvit2, textTokenizer: TextTokenizer) {
    const { config } = network;
    this.id = id;
    this.#network = network;
    this.#imageTokenizer = imageTokenizer;
    this.#textTokenizer = textTokenizer;
    this.imageTokenCount = config.imageTokenCount;
    this.codebookSize = config.codebookSize;
    this.parameterCount = network.parameterCount + imageTokenizer.parameterCount;
    this.imageSide = Math.round(Math.sqrt(config.imageTokenCount)) * imageTokenizer.downsampling;
    this.generation = config.generation;
    this.#modules = new Map([...network.slots].map(([name, slot]) => [`showo.${name}`, slot]));
  }

  estimateMemory(demand: MemoryDemand): MemoryBytes {
    const { config, format } = this.#network;
    const { ch, ch_mult: levels } = config.magvit2.decoder;
    return estimateShowoMemory(
      {
        config,
        weights: format === "trainable" ? "f32" : format,
        tokenizerNumbers: this.#imageTokenizer.parameterCount,
        imageSide: this.imageSide,
        pixelChannels: ch * (levels[0] ?? 1),
        hasShaders: runsShaders(),
      },
      demand,
    );
  }

  async drawImages(request: DrawRequest): Promise<ImageCodes[]> {
    checkLengths({ prompts: request.prompts.length, seeds: request.seeds.length });
    const { steps, onStep } = request;
    return drawCodes(
      this.#network,
      request.prompts.map((prompt) => this.#drawPrefix(prompt)),
      seededNoise(request.seeds, this.imageTokenCount),
      {
        steps,
        guidanceScale: request.guidanceScale,
        temperature: request.temperature,
        signal: request.signal,
        onStep:
          onStep &&
          (({ step, codes, sampled }) =>
            onStep({ step, steps, codes: step === steps - 1 ? sampled : codes })),
      },
    );
  }

  async answerQuestions(request: AnswerRequest): Promise<Answer[]> {
    const { images, questions, sampling, maxTokens, signal } = request;
    checkLengths({
      images: images.length,
      questions: questions.length,
      ...(sampling ? { seeds: sampling.seeds.length } : {}),
    });
    const { config } = this.#network;
    const prefixes = questions.map((question, row) =>
      answerPrefix(this.#checkCodes(images[row]), this.#questionIds(question), config),
    );
    const answers = await continueAnswers(this.#network, prefixes, {
      maxTokens,
      signal,
      sampling: sampling && {
        temperature: sampling.temperature,
        rngs: sampling.seeds.map((seed) => createRng(seed, "answer")),
      },
    });
    return answers.map(({ tokens, logProbs }) => {
      const isClosed = tokens.at(-1) === config.special.eot;
      return {
        text: this.#textTokenizer.decode(isClosed ? tokens.subarray(0, -1) : tokens),
        tokens,
        logProbs,
      };
    });
  }

  async decodeImages(images: readonly ImageCodes[]): Promise<ImageU8[]> {
    if (images.length === 0) return [];
    const plain = this.#plainCode ?? (await plainCode(this.#imageTokenizer, this.imageSide));
    if (!isCompilingOnly()) this.#plainCode = plain;
    return codesToImages(this.#imageTokenizer, images, plain);
  }

  async encodeImages(images: readonly ImageU8[]): Promise<ImageCodes[]> {
    const { imageSide: side, imageTokenCount: count } = this;
    const encoded: ImageCodes[] = [];
    for (const part of chunk(images, imagesAtOnce(side))) {
      const codes = tf.tidy(() => this.#imageTokenizer.encode(imagesToPixels(part, side)));
      const values = (await codes.data()) as Int32Array;
      codes.dispose();
      encoded.push(...part.map((_, row) => values.slice(row * count, (row + 1) * count)));
    }
    return encoded;
  }

  imageLogProbs(request: ImageScoreRequest): tf.Tensor {
    return scoreImages(this.#network, this.#imageRows(request));
  }

  answerLogProbs(request: AnswerScoreRequest): AnswerScores {
    const { images, questions, answers, isRecomputed } = request;
    const imageCount = images instanceof tf.Tensor ? (images.shape[0] ?? 0) : images.length;
    checkLengths({ images: imageCount, questions: questions.length, answers: answers.length });
    if (answers.some((answer) => answer.length === 0)) {
      throw new EngineError("badInput", "An answer without tokens has no log-prob.");
    }
    if (!(images instanceof tf.Tensor)) for (const codes of images) this.#checkCodes(codes);
    return scoreAnswers(this.#network, {
      images,
      questions: questions.map((question) => this.#questionIds(question)),
      answers,
      isRecomputed,
    });
  }

  differentiableImage(request: SoftImageRequest): tf.Tensor {
    const { prompts, tau, noiseSeeds } = request;
    if (noiseSeeds) checkLengths({ prompts: prompts.length, "noise seeds": noiseSeeds.length });
    return embedImagesSoftly(this.#network, this.#imageRows(request), tau, noiseSeeds ?? null);
  }

  encodeAnswer(text: string): Int32Array {
    return Int32Array.from([...this.#textTokenizer.encode(text), this.#network.config.special.eot]);
  }

  attachAdapter({ rank, alpha, seed }: { rank: number; alpha: number; seed: number }): void {
    for (const [name, slot] of this.#modules) {
      const { inSize, outSize } = slot;
      slot.setAdapter(createAdapter({ inSize, outSize }, rank, alpha, createRng(seed, "adapter", name)));
    }
  }

  takeAdapter(): () => void {
    const taken = [...this.#modules.values()].map((slot) => ({ slot, adapter: slot.takeAdapter() }));
    return () => {
      for (const { slot, adapter } of taken) slot.setAdapter(adapter);
    };
  }

  adapterVariables(): readonly AdapterVariable[] {
    return [...this.#modules].flatMap(([name, { adapter }]) =>
      adapter
        ? [
            { name: peftName(name, "A"), variable: adapter.a },
            { name: peftName(name, "B"), variable: adapter.b },
          ]
        : [],
    );
  }

  withoutAdapter<T>(body: () => T): T {
    return this.#withAdapters("isEnabled", false, body);
  }

  withFrozenAdapter<T>(body: () => T): T {
    return this.#withAdapters("isFrozen", true, body);
  }

  dispose(): void {
    disposeShowoNetwork(this.#network);
    this.#imageTokenizer.dispose();
  }

  /** Sets a switch on every adapter while `body` runs. */
  #withAdapters<T>(name: "isEnabled" | "isFrozen", value: boolean, body: () => T): T {
    const adapters = [...this.#modules.values()].flatMap(({ adapter }) => adapter ?? []);
    const before = adapters.map((adapter) => adapter[name]);
    for (const adapter of adapters) adapter[name] = value;
    // Drawing and answering look at the adapters before their first pause, so promises need no further care.
    try {
      return body();
    } finally {
      for (const [at, adapter] of adapters.entries()) adapter[name] = before[at] ?? value;
    }
  }

  #drawPrefix(prompt: string): number[] {
    return drawPrefix(this.#textTokenizer.encode(prompt), this.#network.config);
  }

  #questionIds(question: string): number[] {
    return this.#textTokenizer.encode(questionText(question));
  }

  #imageRows({ prompts, images, hidden, isRecomputed }: ImageScoreRequest): ImageRows {
    checkLengths({ prompts: prompts.length, images: images.length, masks: hidden.length });
    return {
      prefixes: prompts.map((prompt) => this.#drawPrefix(prompt)),
      images: images.map((codes) => this.#checkCodes(codes)),
      hidden,
      isRecomputed,
    };
  }

  /** @throws EngineError("badInput") when an image has the wrong number of codes or undecided ones */
  #checkCodes(codes: ImageCodes | undefined): ImageCodes {
    const isWhole = codes?.length === this.imageTokenCount;
    if (codes && isWhole && codes.every((code) => code >= 0 && code < this.codebookSize)) return codes;
    throw new EngineError(
      "badInput",
      `An image must have ${this.imageTokenCount} codes from 0 to ${this.codebookSize - 1}.`,
      { codes: codes?.length ?? 0 },
    );
  }
}
