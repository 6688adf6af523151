/**
 * Draws the prompts of a list and asks the model about what it drew, greedily. An image is named by the evaluation's
 * seed, its prompt's text and its number alone, so two states of a model are compared on the same draws, and a draw
 * can be made again from its name.
 */
import type { ImageCodes, StopSignal, UnifiedModel } from "../models/unified.ts";
import { matchAnswer } from "../reward/matchAnswer.ts";
import { TEMPLATE_QUESTIONS } from "../world/questions.ts";
import { type Metadata, TAGS, type Tag } from "../world/sentences.ts";
import type { ListedPrompt } from "../world/splits.ts";

/** Longest answer asked for, in tokens; the world's longest gold answer has 11 words. */
export const ANSWER_TOKENS = 20;

/** How the model draws in an evaluation. */
export interface DrawSettings {
  readonly guidanceScale: number;
  readonly temperature: number;
  readonly steps: number;
}

/** One image to draw. */
export interface PlannedDraw {
  readonly metadata: Metadata;
  readonly seen: boolean;
  /** Place of its prompt in the list. */
  readonly promptIndex: number;
  /** Place among its prompt's images. */
  readonly number: number;
  /** Names the image: no two draws of an evaluation share it. */
  readonly seed: string;
}

/** A drawn image, what the model said about it, and what that earns. */
export interface AnsweredImage extends PlannedDraw {
  readonly codes: ImageCodes;
  readonly answer: string;
  /** Partial credit, 0 to 1. */
  readonly reward: number;
}

/**
 * Every image of a list, prompt by prompt.
 * @param seed the evaluation's @param leastPerTask a task of few prompts draws more of each, so that its share is not left
 *   to chance while its weight in the mean is that of the others
 */
export function planDraws(
  prompts: readonly ListedPrompt[],
  imagesPerPrompt: number,
  seed: number,
  leastPerTask = 0,
): PlannedDraw[] {
  const countFor = (tag: Tag) => {
    const promptCount = prompts.filter(({ metadata }) => metadata.tag === tag).length;
    return Math.max(imagesPerPrompt, Math.ceil(leastPerTask / promptCount));
  };
  const counts = new Map(TAGS.map((tag) => [tag, countFor(tag)]));
  return prompts.flatMap(({ metadata, seen }, promptIndex) =>
    Array.from({ length: counts.get(metadata.tag) ?? imagesPerPrompt }, (_, number) => ({
      metadata,
      seen,
      promptIndex,
      number,
      seed: `eval/${seed}/${metadata.prompt}/${number}`,
    })),
  );
}

/** Draws one batch. @returns codes in order @throws EngineError("cancelled") within one decoding step */
export function drawPlanned(
  model: UnifiedModel,
  batch: readonly PlannedDraw[],
  { guidanceScale, temperature, steps }: DrawSettings,
  signal?: StopSignal,
): Promise<ImageCodes[]> {
  return model.drawImages({
    prompts: batch.map(({ metadata }) => metadata.prompt),
    seeds: batch.map(({ seed }) => seed),
    guidanceScale,
    temperature,
    steps,
    ...(signal ? { signal } : {}),
  });
}

/**
 * Asks each image its prompt's template question, greedily.
 * @returns texts in order
 * @throws EngineError("cancelled")
 */
export async function askAboutImages(
  model: UnifiedModel,
  images: readonly { readonly metadata: Metadata; readonly codes: ImageCodes }[],
  signal?: StopSignal,
): Promise<string[]> {
  const answers = await model.answerQuestions({
    images: images.map(({ codes }) => codes),
    questions: images.map(({ metadata }) => TEMPLATE_QUESTIONS[metadata.tag]),
    maxTokens: ANSWER_TOKENS,
    ...(signal ? { signal } : {}),
  });
  return images.map((_, at) => answers[at]?.text ?? "");
}

/** Draws one batch, asks and scores. @throws EngineError("cancelled") within one decoding step */
export async function drawAndAsk(
  model: UnifiedModel,
  batch: readonly PlannedDraw[],
  settings: DrawSettings,
  signal?: StopSignal,
): Promise<AnsweredImage[]> {
  const codes = await drawPlanned(model, batch, settings, signal);
  const drawn = batch.map((draw, at) => ({ ...draw, codes: codes[at] ?? new Int32Array() }));
  const answers = await askAboutImages(model, drawn, signal);
  return drawn.map((image, at) => {
    const answer = answers[at] ?? "";
    return { ...image, answer, reward: matchAnswer(image.metadata, answer).reward };
  });
}
