/**
 * GenEval's numbers over many judged images.
 *
 * Source: djghosh13/geneval af4902f2, evaluation/summary_scores.py. Differs: 95 % intervals.
 */
import { createRng } from "../../rng.ts";
import { type Metadata, TAGS, type Tag } from "../../world/sentences.ts";
import { type Cluster, type Estimate, estimateClusteredMean, estimateMean } from "../interval.ts";
import { metadataKey } from "./metadata.ts";

/** One image and whether the judge found it correct. */
export interface ScoredImage {
  readonly metadata: Metadata;
  readonly correct: boolean;
}

/**
 * Shares from 0 to 1. Intervals resample whole prompts, because the images of one prompt are alike; `count` of an
 * estimate is its number of prompts. A share of 0 or 1, or a single prompt, gets an interval of no width.
 */
export interface GenEvalScores {
  /** The headline: unweighted mean of the task scores. Comparable only when `missing` is empty. */
  readonly overall: Estimate;
  /** Share of correct images of each task that has images, in GenEval's order. */
  readonly tasks: ReadonlyMap<Tag, Estimate>;
  /** Tasks without a single image; they are left out of `overall`. */
  readonly missing: readonly Tag[];
  /** Share of correct images, whatever their task. */
  readonly images: Estimate;
  /** Share of prompts with at least one correct image. */
  readonly prompts: Estimate;
}

/** Correct and all images of each prompt, in order of first appearance. */
function groupByPrompt(images: readonly ScoredImage[]): Cluster[] {
  const prompts = new Map<string, Cluster>();
  for (const { metadata, correct } of images) {
    const key = metadataKey(metadata);
    const { sum, count } = prompts.get(key) ?? { sum: 0, count: 0 };
    prompts.set(key, { sum: sum + Number(correct), count: count + 1 });
  }
  return [...prompts.values()];
}

/**
 * Task means over images, their unweighted mean, and the shares of images and of prompts. Without images all are NaN.
 * @param seed names the resamples of the intervals; means do not depend on it
 */
export function scoreImages(images: readonly ScoredImage[], seed: number): GenEvalScores {
  const rngOf = (name: string) => createRng(seed, "genevalInterval", name);
  const byTag = TAGS.map((tag) => ({
    tag,
    prompts: groupByPrompt(images.filter(({ metadata }) => metadata.tag === tag)),
  }));
  const present = byTag.filter(({ prompts }) => prompts.length > 0);
  const all = present.flatMap(({ prompts }) => prompts);
  return {
    overall: estimateClusteredMean(
      present.map(({ prompts }) => prompts),
      rngOf("overall"),
    ),
    tasks: new Map(present.map(({ tag, prompts }) => [tag, estimateClusteredMean([prompts], rngOf(tag))])),
    missing: byTag.filter(({ prompts }) => prompts.length === 0).map(({ tag }) => tag),
    images: estimateClusteredMean(all.length > 0 ? [all] : [], rngOf("images")),
    prompts: estimateMean(
      all.map(({ sum }) => Number(sum > 0)),
      rngOf("prompts"),
    ),
  };
}
