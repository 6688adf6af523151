/**
 * Does a model understand what it draws, and draw what it understands? Two conditional accuracies; a balanced model
 * has both high, and both near each other.
 *
 * Source: UniRL (arXiv 2505.23380), its released `inference_cycle.py` and `inference_mmu_t2i.py` as described in
 * spec/unirl.md section 5. Differs: an answer is right when it means the gold answer exactly, by rules, not by a
 * language model's opinion.
 */
import type { ImageCodes, UnifiedModel } from "../models/unified.ts";
import { isExactAnswer } from "../reward/matchAnswer.ts";
import { createRng } from "../rng.ts";
import { type Metadata, TAGS, type Tag } from "../world/sentences.ts";
import { type EvalProgress, mapBatches } from "./batches.ts";
import { askAboutImages, type PlannedDraw } from "./drawAndAsk.ts";
import { metadataKey } from "./geneval/metadata.ts";
import { type Cluster, type Estimate, estimateClusteredMean } from "./interval.ts";

/** One image: whether it meets the condition, and if so whether it also passes. */
export interface Trial {
  readonly metadata: Metadata;
  readonly isGiven: boolean;
  readonly passes: boolean;
}

/** A share with the numbers of images behind it. */
export interface ConditionalShare {
  /** `count` is the number of prompts that kept an image; the interval resamples those. NaN when there is none. */
  readonly share: Estimate;
  readonly passed: number;
  readonly kept: number;
  readonly total: number;
}

export interface ConditionalAccuracy {
  /** Over all kept images, whatever their task. */
  readonly all: ConditionalShare;
  /** Of each task that has images, in GenEval's order. */
  readonly tasks: ReadonlyMap<Tag, ConditionalShare>;
}

function clusterByPrompt(kept: readonly Trial[]): Cluster[] {
  const prompts = new Map<string, Cluster>();
  for (const { metadata, passes } of kept) {
    const key = metadataKey(metadata);
    const { sum, count } = prompts.get(key) ?? { sum: 0, count: 0 };
    prompts.set(key, { sum: sum + Number(passes), count: count + 1 });
  }
  return [...prompts.values()];
}

function conditionalShare(trials: readonly Trial[], seed: number, name: string): ConditionalShare {
  const kept = trials.filter(({ isGiven }) => isGiven);
  const clusters = clusterByPrompt(kept);
  const rng = createRng(seed, "imbalanceInterval", name);
  return {
    share: estimateClusteredMean(clusters.length > 0 ? [clusters] : [], rng),
    passed: kept.filter(({ passes }) => passes).length,
    kept: kept.length,
    total: trials.length,
  };
}

/**
 * P(passes | given): of the images that meet the condition, the share that passes.
 * @param seed names the resamples of the intervals
 */
export function conditionalAccuracy(trials: readonly Trial[], seed: number): ConditionalAccuracy {
  const ofTag = (tag: Tag) => trials.filter(({ metadata }) => metadata.tag === tag);
  const present = TAGS.filter((tag) => ofTag(tag).length > 0);
  return {
    all: conditionalShare(trials, seed, "all"),
    tasks: new Map(present.map((tag) => [tag, conditionalShare(ofTag(tag), seed, tag)])),
  };
}

/** An image, the judge's verdict and the drawer's own answer about it. */
export interface JudgedAnswer {
  readonly metadata: Metadata;
  readonly correct: boolean;
  readonly answer: string;
}

/** Acc(MMU|T2I): of the images that the judge finds correct, the share whose answer is exact. */
export function understandingGivenDrawing(
  images: readonly JudgedAnswer[],
  seed: number,
): ConditionalAccuracy {
  const trials = images.map(({ metadata, correct, answer }) => ({
    metadata,
    isGiven: correct,
    passes: isExactAnswer(metadata, answer),
  }));
  return conditionalAccuracy(trials, seed);
}

/** A correct image of another model, as this one sees it. */
export interface PoolAnswer {
  readonly metadata: Metadata;
  readonly answer: string;
  /** Whether this model, drawing from the same prompt, met the judge; null when it was not asked to draw. */
  readonly redrawn: boolean | null;
}

/**
 * Acc(T2I|MMU): of another model's correct images that this model answers exactly, the share whose prompt it then
 * draws correctly.
 */
export function drawingGivenUnderstanding(pool: readonly PoolAnswer[], seed: number): ConditionalAccuracy {
  const trials = pool.map(({ metadata, answer, redrawn }) => ({
    metadata,
    isGiven: isExactAnswer(metadata, answer),
    passes: redrawn === true,
  }));
  return conditionalAccuracy(trials, seed);
}

/** An image of the pool: drawn and found correct elsewhere. */
export interface PoolImage {
  readonly metadata: Metadata;
  readonly seen: boolean;
  readonly codes: ImageCodes;
  /** The name it was drawn under. */
  readonly seed: string;
}

const REDRAW = "redraw";

/** Whether a draw was made for the pool rather than for the list. */
export function isRedraw({ seed }: Pick<PlannedDraw, "seed">): boolean {
  return seed.startsWith(`${REDRAW}/`);
}

/**
 * The draw that answers a pool image. It must not repeat the image's own name: a relative of the pool's model would
 * draw much the same picture again, which is known to be correct.
 */
export function planRedraw(image: PoolImage, promptIndex: number, seed: number): PlannedDraw {
  const { metadata, seen } = image;
  return { metadata, seen, promptIndex, number: 0, seed: `${REDRAW}/${seed}/${image.seed}` };
}

/** Asks about every image of the pool, greedily. @returns answers in order @throws EngineError("cancelled") */
export function answerPool(
  model: UnifiedModel,
  pool: readonly PoolImage[],
  progress: EvalProgress = {},
): Promise<string[]> {
  return mapBatches(pool, progress, (batch) => askAboutImages(model, batch, progress.signal));
}
