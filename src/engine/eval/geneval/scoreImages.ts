/**
 * GenEval's numbers over many judged images.
 *
 * Source: djghosh13/geneval af4902f2, evaluation/summary_scores.py. Differs: 95 % intervals.
 */
import { EngineError } from "../../errors.ts";
import { createRng, type Rng } from "../../rng.ts";
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

/** One number per image, with what decides its task and its prompt. */
interface Measured {
  readonly metadata: Metadata;
  readonly value: number;
}

/** Sum and number of each prompt's images, in order of first appearance. */
function clusterByPrompt(images: readonly Measured[]): Cluster[] {
  const prompts = new Map<string, Cluster>();
  for (const { metadata, value } of images) {
    const key = metadataKey(metadata);
    const { sum, count } = prompts.get(key) ?? { sum: 0, count: 0 };
    prompts.set(key, { sum: sum + value, count: count + 1 });
  }
  return [...prompts.values()];
}

/** The prompts of each task that has images, in GenEval's order. */
function clusterByTask(images: readonly Measured[]): ReadonlyMap<Tag, readonly Cluster[]> {
  const tasks = TAGS.map((tag) => {
    return [tag, clusterByPrompt(images.filter(({ metadata }) => metadata.tag === tag))] as const;
  });
  return new Map(tasks.filter(([, prompts]) => prompts.length > 0));
}

/** The mean of each task, and their unweighted mean. */
function estimateTasks(tasks: ReadonlyMap<Tag, readonly Cluster[]>, rngOf: (name: string) => Rng) {
  return {
    overall: estimateClusteredMean([...tasks.values()], rngOf("overall")),
    tasks: new Map([...tasks].map(([tag, prompts]) => [tag, estimateClusteredMean([prompts], rngOf(tag))])),
  };
}

/**
 * Task means over images, their unweighted mean, and the shares of images and of prompts. Without images all are NaN.
 * @param seed names the resamples of the intervals; means do not depend on it
 */
export function scoreImages(images: readonly ScoredImage[], seed: number): GenEvalScores {
  const rngOf = (name: string) => createRng(seed, "genevalInterval", name);
  const byTask = clusterByTask(images.map(({ metadata, correct }) => ({ metadata, value: Number(correct) })));
  const all = [...byTask.values()].flat();
  return {
    ...estimateTasks(byTask, rngOf),
    missing: TAGS.filter((tag) => !byTask.has(tag)),
    images: estimateClusteredMean(all.length > 0 ? [all] : [], rngOf("images")),
    prompts: estimateMean(
      all.map(({ sum }) => Number(sum > 0)),
      rngOf("prompts"),
    ),
  };
}

/** What GenEval's scores gained from one state of a model to another: differences of shares, from -1 to 1. */
export interface GenEvalGain {
  readonly overall: Estimate;
  readonly tasks: ReadonlyMap<Tag, Estimate>;
}

/**
 * Paired differences: image by image of the same prompts in the same order, intervals over prompts as in `scoreImages`.
 * @throws EngineError("badInput") when the two lists are not of the same prompts
 */
export function scoreGain(
  before: readonly ScoredImage[],
  after: readonly ScoredImage[],
  seed: number,
): GenEvalGain {
  const differences = before.map(({ metadata, correct }, at): Measured => {
    const now = after[at];
    if (!now || metadataKey(now.metadata) !== metadataKey(metadata)) {
      throw new EngineError(
        "badInput",
        `Image ${at + 1} is of other prompts before ("${metadata.prompt}") and after ("${now?.metadata.prompt ?? "none"}"). Draw the same list twice.`,
      );
    }
    return { metadata, value: Number(now.correct) - Number(correct) };
  });
  return estimateTasks(clusterByTask(differences), (name) => createRng(seed, "genevalGainInterval", name));
}
