/**
 * What reinforcement learning needs of a unified model: draw, answer, score what was drawn and answered, and a
 * differentiable image. Model families stand behind this interface; rl/, reward/, eval/, workers/ know nothing else.
 *
 * Images travel as codes of the model's own tokenizer (Int32Array of length `imageTokenCount`, row-major, values
 * 0..codebookSize-1). Functions that return tensors are synchronous, record on the tfjs tape, and give the caller
 * ownership of the result; asynchronous ones record nothing.
 */
import type { Tensor, Variable } from "@tensorflow/tfjs-core";
import type { ModelFormat, QuantFormat } from "../quant/quantFormat.ts";

export type ImageCodes = Int32Array;

/** RGB pixels, row-major, 3 bytes a pixel. */
export interface ImageU8 {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** The part of an `AbortSignal` that the engine reads. */
export interface StopSignal {
  readonly aborted: boolean;
}

export interface DrawRequest {
  /** One entry per image [B]; repeat a prompt to draw it several times. */
  readonly prompts: readonly string[];
  /** One seed per image [B]: the image depends on its own prompt, seed and the settings, not on its neighbours. */
  readonly seeds: readonly string[];
  /** w in (1 + w)·conditional − w·unconditional; 0 skips the unconditional pass. */
  readonly guidanceScale: number;
  readonly temperature: number;
  readonly steps: number;
  readonly signal?: StopSignal;
  /**
   * Called after each decoding step, before the next.
   * @param codes [B][N], −1 where still undecided
   */
  readonly onStep?: (progress: { step: number; steps: number; codes: readonly ImageCodes[] }) => void;
}

export interface AnswerRequest {
  /** [B] */
  readonly images: readonly ImageCodes[];
  /** [B] */
  readonly questions: readonly string[];
  /** Absent: greedy. */
  readonly sampling?: { readonly temperature: number; readonly seeds: readonly string[] };
  readonly maxTokens: number;
  readonly signal?: StopSignal;
}

export interface Answer {
  readonly text: string;
  /** Token ids with the closing end-of-text token when it was reached. */
  readonly tokens: Int32Array;
  /** Natural log-prob of each token at temperature 1, same length as `tokens`. */
  readonly logProbs: Float32Array;
}

/** How a taped pass trades time for memory. */
export interface TapeOptions {
  /** Each layer keeps its input alone, and is computed once more when its gradient is due. */
  readonly isRecomputed?: boolean | undefined;
}

export interface ImageScoreRequest extends TapeOptions {
  /** [B] */
  readonly prompts: readonly string[];
  /** [B][N] */
  readonly images: readonly ImageCodes[];
  /** [B][N], 1 where the code is hidden from the model and scored. Autoregressive families score every code. */
  readonly hidden: readonly Uint8Array[];
}

export interface AnswerScoreRequest extends TapeOptions {
  /** Codes [B][N], or the differentiable image made by `differentiableImage`. */
  readonly images: readonly ImageCodes[] | Tensor;
  /** [B] */
  readonly questions: readonly string[];
  /** [B], as sampled (end-of-text included when reached). */
  readonly answers: readonly Int32Array[];
}

export interface AnswerScores {
  /** [B, T] natural log-probs, 0 beyond each answer's end; T = longest answer. */
  readonly logProbs: Tensor;
  /** [B, T], 1 on real answer tokens. Constant. */
  readonly weights: Tensor;
}

export interface SoftImageRequest extends ImageScoreRequest {
  /** Temperature τ of the softmax behind the image. */
  readonly tau: number;
  /**
   * One seed per image [B] names its Gumbel noise, drawn from the posterior in which the given codes were the choice.
   * Absent: the plain softmax, without noise.
   */
  readonly noiseSeeds?: readonly string[];
}

/** What keeping a model's weights in a format costs and loses. */
export interface WeightReport {
  readonly weights: ModelFormat;
  /** Of all parameters but the image tokenizer's, which stays f32. */
  readonly bytes: number;
  /** Matrices of one kind together, in the model's order. */
  readonly matrices: readonly {
    /** Original name without the layer. */
    readonly kind: string;
    readonly format: QuantFormat | "f32";
    /** How many there are. */
    readonly count: number;
    /** Numbers in all of them. */
    readonly numbers: number;
    readonly bytes: number;
    /** Root mean square of the error over that of the values, root mean square over the matrices. */
    readonly relativeError: number;
  }[];
}

/** How a run is cut up; no influence on what it learns beyond rounding. */
export interface WorkLimits {
  /** Images drawn or asked about in one call of the model. */
  readonly imagesPerCall: number;
  /** Images on one tape. */
  readonly imagesPerPass: number;
  /** Layers keep their input alone and are computed again for their gradient: two thirds more work, much less memory. */
  readonly isRecomputed: boolean;
}

/** What a run asks of memory. */
export interface MemoryDemand extends WorkLimits {
  readonly loraRank: number;
  /** Two passes a decoding step. */
  readonly isGuided: boolean;
  /** The answers' loss reaches the generator through the image. */
  readonly isEndToEnd: boolean;
  /** The state before a step is kept through it. */
  readonly isRepeated: boolean;
  readonly answerMaxTokens: number;
  /** Images of a step, which are decoded to pixels together. */
  readonly imagesPerStep: number;
  /** Longest prompt or question; absent: the longest that the model takes. */
  readonly textTokens?: number;
  /** Other than the model was opened with. */
  readonly weights?: ModelFormat;
}

/** Bytes on the device by what they are for. The last four are never there at once. */
export interface MemoryBytes {
  readonly weights: number;
  readonly adapter: number;
  /** Moments, the sum of gradients and a pass' own. */
  readonly optimizer: number;
  /** Keys, values and rows of the images being drawn. */
  readonly drawing: number;
  /** The same of images and questions being answered. */
  readonly answering: number;
  /** The image tokenizer's layers over pixels. */
  readonly images: number;
  /** The tape of a pass, and its way back. */
  readonly learning: number;
}

/** One trainable tensor of the adapter, with its PEFT name. */
export interface AdapterVariable {
  readonly name: string;
  readonly variable: Variable;
}

export interface UnifiedModel {
  readonly id: string;
  readonly family: string;
  /** Pixels per side. */
  readonly imageSide: number;
  readonly imageTokenCount: number;
  readonly codebookSize: number;
  /** Numbers in the model's own weights, the image tokenizer's among them; adapters and derived tables are not counted. */
  readonly parameterCount: number;
  /** What the model folder recommends for drawing. */
  readonly generation: {
    readonly steps: number;
    readonly guidanceScale: number;
    readonly temperature: number;
  };

  /** What work takes of the device's memory: from sizes alone, before anything is allocated. An upper bound. */
  estimateMemory(demand: MemoryDemand): MemoryBytes;

  /** Draws images. @throws EngineError("cancelled") within one decoding step of the signal */
  drawImages(request: DrawRequest): Promise<ImageCodes[]>;
  /** Answers questions about images. @throws EngineError("cancelled") */
  answerQuestions(request: AnswerRequest): Promise<Answer[]>;
  /** Pixels of images; undecided codes (−1) are drawn as the plain background tile. */
  decodeImages(images: readonly ImageCodes[]): Promise<ImageU8[]>;
  /** Codes of pixels, sized `imageSide`². */
  encodeImages(images: readonly ImageU8[]): Promise<ImageCodes[]>;

  /** Log-probs [B, N] of every code given the prompt and the codes that are not hidden, over the image slice. Taped. */
  imageLogProbs(request: ImageScoreRequest): Tensor;
  /** Log-probs of answers. Taped. */
  answerLogProbs(request: AnswerScoreRequest): AnswerScores;
  /**
   * The image as the understanding pass reads it, straight-through: forward exactly the given codes, backward the
   * softmax of the (noisy) logits at the hidden positions. Source: spec/unirl.md 3.1, 10.2 `stImage`. Taped.
   */
  differentiableImage(request: SoftImageRequest): Tensor;
  /** The tokens that `answerQuestions` would have given for this text, end-of-text included. */
  encodeAnswer(text: string): Int32Array;

  /** Adds trainable low-rank adapters to every linear layer (replaces an earlier adapter). Draws A from the seed, B = 0. */
  attachAdapter(options: { readonly rank: number; readonly alpha: number; readonly seed: number }): void;
  /**
   * Takes the adapter off without freeing it; the model is as it came until another is attached.
   * @returns puts it back in its place and frees what was attached meanwhile; call it once
   */
  takeAdapter(): () => void;
  /** The adapter's tensors in a stable order; empty without an adapter. */
  adapterVariables(): readonly AdapterVariable[];
  /** Runs `body` with the adapter switched off: the reference policy. */
  withoutAdapter<T>(body: () => T): T;
  /** Runs `body` with the adapter on but constant: taped ops pass gradients through it, none into it. */
  withFrozenAdapter<T>(body: () => T): T;
  dispose(): void;
}
