/**
 * How well do the model's pictures please the model? Draws the prompts of a fixed list, lets the model answer
 * greedily about its own pictures, and scores the answers against the prompts. Prompts, seeds and settings are fixed,
 * so that a base and a trained model are compared on the same draws.
 */
import type { ImageCodes, UnifiedModel } from "../models/unified.ts";
import { matchAnswer } from "../reward/matchAnswer.ts";
import { createRng } from "../rng.ts";
import { TEMPLATE_QUESTIONS } from "../world/questions.ts";
import { type Metadata, TAGS, type Tag } from "../world/sentences.ts";
import type { ListedPrompt } from "../world/splits.ts";
import { type EvalProgress, mapBatches } from "./batches.ts";
import { type Estimate, estimateMean } from "./interval.ts";

const ANSWER_TOKENS = 20;

export interface SelfRewardOptions extends EvalProgress {
  readonly imagesPerPrompt: number;
  readonly seed: number;
  readonly guidanceScale: number;
  readonly temperature: number;
  readonly steps: number;
}

/** One drawn and judged image. */
export interface JudgedImage {
  readonly metadata: Metadata;
  readonly seen: boolean;
  /** Place of its prompt in the list. */
  readonly promptIndex: number;
  readonly codes: ImageCodes;
  readonly answer: string;
  readonly reward: number;
}

export interface SelfRewardReport {
  /** Mean over prompts of the mean reward of a prompt's images; the interval resamples prompts. */
  readonly reward: Estimate;
  readonly rewardByTag: Readonly<Record<Tag, Estimate>>;
  /** Prompts whose composition occurred in training under another text, and the others. */
  readonly rewardSeen: Estimate;
  readonly rewardUnseen: Estimate;
  readonly images: readonly JudgedImage[];
}

/** Prompt means first: images of one prompt are no independent observations. */
function estimateByPrompt(images: readonly JudgedImage[], seed: number, name: string): Estimate {
  const byPrompt = new Map<number, number[]>();
  for (const { promptIndex, reward } of images) {
    byPrompt.set(promptIndex, [...(byPrompt.get(promptIndex) ?? []), reward]);
  }
  const means = [...byPrompt.values()].map((values) => values.reduce((a, b) => a + b, 0) / values.length);
  return estimateMean(means, createRng(seed, "selfRewardInterval", name));
}

/** At most `limit` prompts, spread evenly over the list so that all tags stay in. */
export function limitPrompts(prompts: readonly ListedPrompt[], limit: number): ListedPrompt[] {
  if (limit >= prompts.length) return [...prompts];
  return Array.from({ length: limit }, (_, at) => {
    return prompts[Math.floor(((at + 0.5) * prompts.length) / limit)] as ListedPrompt;
  });
}

/**
 * Draws, asks and scores. The seed of an image depends on the evaluation's seed, its prompt's text and its number.
 * @throws EngineError("cancelled") within one decoding step
 */
export async function evaluateSelfReward(
  model: UnifiedModel,
  prompts: readonly ListedPrompt[],
  options: SelfRewardOptions,
): Promise<SelfRewardReport> {
  const { imagesPerPrompt, seed, guidanceScale, temperature, steps, signal } = options;
  const items = prompts.flatMap(({ metadata, seen }, promptIndex) =>
    Array.from({ length: imagesPerPrompt }, (_, number) => ({
      metadata,
      seen,
      promptIndex,
      seed: `eval/${seed}/${metadata.prompt}/${number}`,
    })),
  );
  const abort = signal ? { signal } : {};
  const images = await mapBatches(items, options, async (batch): Promise<JudgedImage[]> => {
    const codes = await model.drawImages({
      prompts: batch.map(({ metadata }) => metadata.prompt),
      seeds: batch.map((item) => item.seed),
      guidanceScale,
      temperature,
      steps,
      ...abort,
    });
    const questions = batch.map(({ metadata }) => TEMPLATE_QUESTIONS[metadata.tag]);
    const answers = await model.answerQuestions({
      images: codes,
      questions,
      maxTokens: ANSWER_TOKENS,
      ...abort,
    });
    return batch.map(({ metadata, seen, promptIndex }, at) => {
      const answer = answers[at]?.text ?? "";
      const { reward } = matchAnswer(metadata, answer);
      return { metadata, seen, promptIndex, codes: codes[at] ?? new Int32Array(), answer, reward };
    });
  });
  const byTag = TAGS.map((tag) => {
    const ofTag = images.filter(({ metadata }) => metadata.tag === tag);
    return [tag, estimateByPrompt(ofTag, seed, tag)];
  });
  return {
    reward: estimateByPrompt(images, seed, "all"),
    rewardByTag: Object.fromEntries(byTag),
    rewardSeen: estimateByPrompt(
      images.filter(({ seen }) => seen),
      seed,
      "seen",
    ),
    rewardUnseen: estimateByPrompt(
      images.filter(({ seen }) => !seen),
      seed,
      "unseen",
    ),
    images,
  };
}
