/**
 * How well do the model's pictures please the model? Draws the prompts of a fixed list, lets the model answer
 * greedily about its own pictures, and scores the answers against the prompts. Prompts, seeds and settings are fixed,
 * so that a base and a trained model are compared on the same draws.
 */
import type { UnifiedModel } from "../models/unified.ts";
import { createRng } from "../rng.ts";
import { TAGS, type Tag } from "../world/sentences.ts";
import type { ListedPrompt } from "../world/splits.ts";
import { type EvalProgress, mapBatches } from "./batches.ts";
import { estimateByPrompt } from "./byPrompt.ts";
import { type AnsweredImage, type DrawSettings, drawAndAsk, planDraws } from "./drawAndAsk.ts";
import type { Estimate } from "./interval.ts";

export interface SelfRewardOptions extends EvalProgress, DrawSettings {
  readonly imagesPerPrompt: number;
  readonly seed: number;
}

export interface SelfRewardReport {
  /** Mean over prompts of the mean reward of a prompt's images; the interval resamples prompts. */
  readonly reward: Estimate;
  readonly rewardByTag: Readonly<Record<Tag, Estimate>>;
  /** Prompts whose composition occurred in training under another text, and the others. */
  readonly rewardSeen: Estimate;
  readonly rewardUnseen: Estimate;
  readonly images: readonly AnsweredImage[];
}

/** At most `count` of the items, spread evenly over their list. */
export function pickEvenly<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from(
    { length: count },
    (_, at) => items[Math.floor(((at + 0.5) * items.length) / count)] as T,
  );
}

/**
 * At most `limit` prompts, in the order of the list: equally many of each tag, each spread over its own, and all of a tag
 * that has fewer. A score is the mean over tags, so an even share tells most with so many images.
 */
export function limitPrompts(prompts: readonly ListedPrompt[], limit: number): ListedPrompt[] {
  const tags = [...new Set(prompts.map(({ metadata }) => metadata.tag))];
  const ofTag = tags.map((tag) => prompts.filter(({ metadata }) => metadata.tag === tag));
  ofTag.sort((a, b) => a.length - b.length);
  let left = Math.min(limit, prompts.length);
  const chosen = new Set<ListedPrompt>();
  for (const [at, listed] of ofTag.entries()) {
    const share = Math.min(listed.length, Math.floor(left / (ofTag.length - at)));
    for (const prompt of pickEvenly(listed, share)) chosen.add(prompt);
    left -= share;
  }
  return prompts.filter((prompt) => chosen.has(prompt));
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
  const { imagesPerPrompt, seed, signal } = options;
  const images = await mapBatches(planDraws(prompts, imagesPerPrompt, seed), options, (batch) =>
    drawAndAsk(model, batch, options, signal),
  );
  const estimate = (chosen: readonly AnsweredImage[], name: string) =>
    estimateByPrompt(chosen, ({ reward }) => reward, createRng(seed, "selfRewardInterval", name));
  const byTag = TAGS.map((tag) => {
    const ofTag = images.filter(({ metadata }) => metadata.tag === tag);
    return [tag, estimate(ofTag, tag)];
  });
  const seen = images.filter((image) => image.seen);
  const unseen = images.filter((image) => !image.seen);
  return {
    reward: estimate(images, "all"),
    rewardByTag: Object.fromEntries(byTag),
    rewardSeen: estimate(seen, "seen"),
    rewardUnseen: estimate(unseen, "unseen"),
    images,
  };
}
