/**
 * A unified model of two tables, small enough to learn in milliseconds: each prompt has logits for every image token,
 * other prompts share their rows, and the answer is one word chosen by the image's first token, then end-of-text. The adapter is one delta per table.
 * Image tokens that are shown make their codes likelier everywhere, each place by its own weight: other masks, other log-probs.
 * Log-probs are real differentiable ops, drawing and answering sample from them, so learning can be observed.
 */
import {
  add,
  cast,
  customGrad,
  div,
  expandDims,
  gather,
  logSoftmax,
  matMul,
  mul,
  oneHot,
  reshape,
  slice,
  softmax,
  stack,
  sub,
  sum,
  Tensor,
  type Tensor2D,
  tensor,
  tensor1d,
  tensor2d,
  tidy,
  type Variable,
  variable,
  zeros,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
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
  SoftImageRequest,
  UnifiedModel,
} from "../../models/unified.ts";
import { createRng } from "../../rng.ts";

/** The same values, cut off from the tape. */
function stopGradient(values: Tensor): Tensor {
  const cut = customGrad((...inputs) => {
    const [input] = inputs as [Tensor];
    return { value: input.clone(), gradFunc: (upstream: Tensor) => zerosLike(upstream) };
  });
  return cut(values);
}

export const TABLE_PROMPTS = ["one", "two", "three"] as const;
const TOKENS = 4;
const CODES = 5;
/** Words 0..CODES−1, then end-of-text. */
const END = CODES;

function randomTable(name: string, rows: number, columns: number, scale: number): Tensor2D {
  const values = createRng("tableModel", name).uniforms(rows * columns);
  return tensor2d(
    values.map((value) => (value - 0.5) * scale),
    [rows, columns],
  );
}

function pickFrom(logProbs: ArrayLike<number>, uniform: number): number {
  let mass = 0;
  for (let index = 0; index < logProbs.length; index++) {
    mass += Math.exp(logProbs[index] ?? 0);
    if (uniform < mass) return index;
  }
  return logProbs.length - 1;
}

/** [B, N, V] */
function oneHotCodes(images: readonly ImageCodes[]): Tensor {
  const codes = images.map((row) => Array.from(row));
  return cast(oneHot(tensor2d(codes, undefined, "int32"), CODES), "float32");
}

/** What visible tokens add to every token's logits: (place + 1) / N for each one's code. @returns [B, 1, V] */
function shownCodes(codes: Tensor, hidden: readonly Uint8Array[]): Tensor {
  const weights = hidden.map((row) =>
    Array.from(row, (isHidden, place) => ((1 - isHidden) * (place + 1)) / TOKENS),
  );
  return sum(mul(expandDims(tensor2d(weights), 2), codes), 1, true);
}

export class TableModel implements UnifiedModel {
  readonly id: string;
  readonly family = "table";
  readonly imageSide = 2;
  readonly imageTokenCount = TOKENS;
  readonly codebookSize = CODES;
  readonly parameterCount = 0;
  readonly generation = { steps: 2, guidanceScale: 0, temperature: 1 };
  readonly #imageLogits: Tensor2D = randomTable("image", TABLE_PROMPTS.length, TOKENS * CODES, 1);
  readonly #answerLogits: Tensor2D;
  readonly #words: readonly string[];
  #adapter: readonly AdapterVariable[] = [];
  #isAdapterOn = true;
  #isAdapterFrozen = false;

  /** @param words the answer vocabulary, CODES words @param id name in checkpoints */
  constructor(id = "table", words: readonly string[] = ["0", "1", "2", "3", "4"]) {
    this.id = id;
    this.#words = words;
    // Sees its image's first token well, not perfectly.
    this.#answerLogits = tidy(() => add(randomTable("answer", CODES, CODES, 1), mul(eye(CODES), 3)));
  }

  attachAdapter({ seed }: { rank: number; alpha: number; seed: number }): void {
    this.#disposeAdapter();
    const start = (name: string, rows: number, columns: number): Variable =>
      tidy(() => variable(mul(randomTable(`${name}/${seed}`, rows, columns, 1), 0)));
    this.#adapter = [
      {
        name: "base_model.model.image.lora_B.weight",
        variable: start("image", TABLE_PROMPTS.length, TOKENS * CODES),
      },
      { name: "base_model.model.answer.lora_B.weight", variable: start("answer", CODES, CODES) },
    ];
  }

  takeAdapter(): () => void {
    const taken = this.#adapter;
    this.#adapter = [];
    return () => {
      this.#disposeAdapter();
      this.#adapter = taken;
    };
  }

  estimateMemory(): MemoryBytes {
    const none = { weights: 0, adapter: 0, optimizer: 0, drawing: 0, answering: 0, images: 0, learning: 0 };
    return none;
  }

  adapterVariables(): readonly AdapterVariable[] {
    return this.#adapter;
  }

  withoutAdapter<T>(body: () => T): T {
    this.#isAdapterOn = false;
    try {
      return body();
    } finally {
      this.#isAdapterOn = true;
    }
  }

  withFrozenAdapter<T>(body: () => T): T {
    this.#isAdapterFrozen = true;
    try {
      return body();
    } finally {
      this.#isAdapterFrozen = false;
    }
  }

  encodeAnswer(text: string): Int32Array {
    return Int32Array.from([this.#words.indexOf(text), END]);
  }

  #adapted(base: Tensor2D, at: number): Tensor2D {
    const delta = this.#isAdapterOn ? this.#adapter[at] : undefined;
    if (!delta) return add(base, 0);
    return add(base, this.#isAdapterFrozen ? stopGradient(delta.variable) : delta.variable);
  }

  /** @param shown [B, 1, V] what visible tokens add to the logits; absent: nothing is visible @returns [B, N, V] */
  #imageRows(prompts: readonly string[], shown?: Tensor): Tensor {
    const rows = prompts.map((prompt) => {
      const known = (TABLE_PROMPTS as readonly string[]).indexOf(prompt);
      return known >= 0 ? known : prompt.length % TABLE_PROMPTS.length;
    });
    const flat = gather(this.#adapted(this.#imageLogits, 0), tensor1d(rows, "int32"));
    const logits = reshape(flat, [prompts.length, TOKENS, CODES]);
    return logSoftmax(shown ? add(logits, shown) : logits);
  }

  /** @param images codes, or one-hot [B, N, CODES] @returns [B, V] */
  #answerRows(images: readonly ImageCodes[] | Tensor): Tensor {
    const table = this.#adapted(this.#answerLogits, 1);
    if (images instanceof Tensor) {
      const first = reshape(slice(images, [0, 0, 0], [-1, 1, CODES]), [-1, CODES]) as Tensor2D;
      return logSoftmax(matMul(first, table));
    }
    const first = images.map((codes) => codes[0] ?? 0);
    return logSoftmax(gather(table, tensor1d(first, "int32")));
  }

  async drawImages(request: DrawRequest): Promise<ImageCodes[]> {
    const table = tidy(() => this.#imageRows(request.prompts));
    const logProbs = await table.data();
    table.dispose();
    const images = request.seeds.map((seed, image) => {
      const uniforms = createRng(seed).uniforms(TOKENS);
      return Int32Array.from(uniforms, (uniform, token) => {
        const start = (image * TOKENS + token) * CODES;
        return pickFrom(logProbs.subarray(start, start + CODES), uniform);
      });
    });
    for (let step = 0; step < request.steps; step++) {
      if (request.signal?.aborted) throw new EngineError("cancelled", "Drawing was stopped.");
      const decided = Math.ceil((TOKENS * (step + 1)) / request.steps);
      const codes = images.map((image) => image.map((code, token) => (token < decided ? code : -1)));
      request.onStep?.({ step, steps: request.steps, codes });
      await Promise.resolve();
    }
    return images;
  }

  async answerQuestions({ images, sampling }: AnswerRequest): Promise<Answer[]> {
    const table = tidy(() => this.#answerRows(images));
    const logProbs = await table.data();
    table.dispose();
    return images.map((_, image) => {
      const row = logProbs.subarray(image * CODES, (image + 1) * CODES);
      const best = row.indexOf(Math.max(...row));
      const word = sampling ? pickFrom(row, createRng(sampling.seeds[image] ?? "").uniform()) : best;
      const tokens = Int32Array.from([word, END]);
      return { text: this.#words[word] ?? "", tokens, logProbs: Float32Array.from([row[word] ?? 0, 0]) };
    });
  }

  imageLogProbs({ prompts, images, hidden }: ImageScoreRequest): Tensor {
    return tidy(() => {
      const chosen = oneHotCodes(images);
      return sum(mul(this.#imageRows(prompts, shownCodes(chosen, hidden)), chosen), 2);
    });
  }

  answerLogProbs({ images, answers }: AnswerScoreRequest): AnswerScores {
    const words = tensor1d(
      answers.map((tokens) => tokens[0] ?? 0),
      "int32",
    );
    const logProbs = tidy(() => {
      const word = sum(mul(this.#answerRows(images), oneHot(words, CODES)), 1);
      return stack([word, zeros(word.shape)], 1);
    });
    words.dispose();
    return { logProbs, weights: tensor(answers.map(() => [1, 1])) };
  }

  /** The one-hot codes [B, N, CODES], straight-through to the softmax where hidden; noise is not drawn. */
  differentiableImage({ prompts, images, hidden, tau }: SoftImageRequest): Tensor {
    return tidy(() => {
      const codes = oneHotCodes(images);
      const soft = softmax(div(this.#imageRows(prompts, shownCodes(codes, hidden)), tau));
      const mask = expandDims(tensor2d(hidden.map((row) => Array.from(row))), 2);
      return add(codes, mul(mask, sub(soft, stopGradient(soft))));
    });
  }

  async decodeImages(images: readonly ImageCodes[]): Promise<ImageU8[]> {
    return images.map(() => ({ width: 2, height: 2, rgb: new Uint8Array(12) }));
  }

  async encodeImages(images: readonly ImageU8[]): Promise<ImageCodes[]> {
    return images.map(() => new Int32Array(TOKENS));
  }

  #disposeAdapter(): void {
    for (const { variable: delta } of this.#adapter) delta.dispose();
  }

  dispose(): void {
    this.#disposeAdapter();
    this.#imageLogits.dispose();
    this.#answerLogits.dispose();
  }
}

function eye(size: number): Tensor2D {
  return tidy(() => cast(oneHot(tensor1d([...Array(size).keys()], "int32"), size), "float32") as Tensor2D);
}

/** The task of drawing what `prompt` asks for: the answer must name the prompt's own word. */
export interface TableTask {
  readonly metadata: { readonly tag: string; readonly prompt: string };
  readonly question: string;
  readonly answer: string;
}

/** Draws one of the three prompts; prompt number n wants the word n. */
export function drawTableTask(rng: { int(limit: number): number }): TableTask {
  const at = rng.int(TABLE_PROMPTS.length);
  const prompt = TABLE_PROMPTS[at] ?? "one";
  return { metadata: { tag: `tag-${at}`, prompt }, question: "Which word?", answer: String(at) };
}

/** 1 for the right word. */
export function judgeTable(task: { answer: string }, text: string) {
  const earned = text === task.answer ? 1 : 0;
  return { reward: earned, parts: [{ label: "word", earned, possible: 1 }] };
}
