/**
 * What a rising self-reward may hide: an answerer that drifts with the drawer, pictures that lose their variety, and
 * a model that grows sure of itself. Blank and swapped pictures are in `understanding.ts`; the distance from an
 * outside judge is in `geneval/genevalReport.ts`.
 */
import { tidy } from "@tensorflow/tfjs-core";
import type { UnifiedModel } from "../models/unified.ts";
import { matchAnswer } from "../reward/matchAnswer.ts";
import { drawHiddenMasks } from "../rl/imageViews.ts";
import { tokenDistance } from "../rl/metrics.ts";
import { createRng } from "../rng.ts";
import { type EvalProgress, mapBatches } from "./batches.ts";
import { estimateByPrompt, groupByPrompt } from "./byPrompt.ts";
import { type AnsweredImage, askAboutImages } from "./drawAndAsk.ts";
import { type Estimate, estimateMean } from "./interval.ts";

/** The same images, rewarded by the model's own answers and by those of the model without its adapter. */
export interface FrozenJudgeReport {
  readonly own: Estimate;
  readonly frozen: Estimate;
  /** Own minus frozen, image by image: above 0, drawer and answerer agree on what a stranger does not see. */
  readonly excess: Estimate;
  /** Share of images about which both say the same words. */
  readonly agreement: Estimate;
  /** In the order of the images. */
  readonly frozenAnswers: readonly string[];
}

/**
 * Asks the frozen base about the images that the adapted model drew and has answered. Greedy.
 * @param seed names the resamples of the intervals
 * @throws EngineError("cancelled")
 */
export async function compareWithFrozenJudge(
  model: UnifiedModel,
  images: readonly AnsweredImage[],
  seed: number,
  progress: EvalProgress = {},
): Promise<FrozenJudgeReport> {
  const frozenAnswers = await mapBatches(images, progress, (batch) => {
    return model.withoutAdapter(() => askAboutImages(model, batch, progress.signal));
  });
  const pairs = images.map((image, at) => {
    const frozenAnswer = frozenAnswers[at] ?? "";
    const frozen = matchAnswer(image.metadata, frozenAnswer).reward;
    return { ...image, frozen, agrees: frozenAnswer === image.answer };
  });
  const estimate = (name: string, measure: (pair: (typeof pairs)[number]) => number) =>
    estimateByPrompt(pairs, measure, createRng(seed, "frozenJudgeInterval", name));
  return {
    own: estimate("own", ({ reward }) => reward),
    frozen: estimate("frozen", ({ frozen }) => frozen),
    excess: estimate("excess", ({ reward, frozen }) => reward - frozen),
    agreement: estimate("agreement", ({ agrees }) => Number(agrees)),
    frozenAnswers,
  };
}

/** Masks per image: 44, 63, 81 and 99.9 % of the tokens hidden, from late to early in drawing. */
const MASKS = 4;
const MIN_HIDDEN = 0.25;

/** Mean of −log p over the hidden tokens. @param logProbs [N] @param hidden [N], 1 where it counts, at least once */
export function meanSurprise(logProbs: ArrayLike<number>, hidden: Uint8Array): number {
  let sum = 0;
  let count = 0;
  for (let token = 0; token < hidden.length; token++) {
    if (hidden[token] !== 1) continue;
    sum -= logProbs[token] ?? Number.NaN;
    count += 1;
  }
  return sum / count;
}

/** Surprise of each image under one mask each. @returns [B] */
async function surpriseOf(
  model: UnifiedModel,
  batch: readonly AnsweredImage[],
  hidden: readonly Uint8Array[],
): Promise<number[]> {
  const scored = tidy(() =>
    model.imageLogProbs({
      prompts: batch.map(({ metadata }) => metadata.prompt),
      images: batch.map(({ codes }) => codes),
      hidden,
    }),
  );
  const values = await scored.data();
  scored.dispose();
  return hidden.map((mask, row) =>
    meanSurprise(values.subarray(row * mask.length, (row + 1) * mask.length), mask),
  );
}

/**
 * The token entropy of drawing, estimated from what was drawn: mean −log p (in nats) of an image's tokens given its
 * prompt and the tokens left visible. Masks depend on the image's name only, so two states of a model are measured
 * under the same ones. It is the entropy where images were drawn at temperature 1 without guidance; else a
 * cross-entropy.
 * @param seed names the resamples of the interval
 * @throws EngineError("cancelled")
 */
export async function measureTokenEntropy(
  model: UnifiedModel,
  images: readonly AnsweredImage[],
  seed: number,
  progress: EvalProgress = {},
): Promise<Estimate> {
  const surprises = await mapBatches(images, progress, async (batch) => {
    const masks = batch.map(({ seed: name }) => {
      return drawHiddenMasks(model.imageTokenCount, MASKS, MIN_HIDDEN, createRng(name, "tokenEntropy"));
    });
    const sums = batch.map(() => 0);
    for (let draw = 0; draw < MASKS; draw++) {
      const hidden = masks.map((ofImage) => ofImage[draw] ?? new Uint8Array());
      for (const [at, value] of (await surpriseOf(model, batch, hidden)).entries()) {
        sums[at] = (sums[at] ?? 0) + value / MASKS;
      }
    }
    return batch.map(({ promptIndex }, at) => ({ promptIndex, surprise: sums[at] ?? Number.NaN }));
  });
  const rng = createRng(seed, "tokenEntropyInterval");
  return estimateByPrompt(surprises, ({ surprise }) => surprise, rng);
}

/**
 * How different the pictures of one prompt are: share of differing tokens over all pairs, mean over prompts. Prompts
 * with a single image say nothing; `count` is the number of the others.
 */
export function measureTokenDistance(images: readonly AnsweredImage[], seed: number): Estimate {
  const groups = groupByPrompt(images).filter(({ length }) => length > 1);
  const distances = groups.map((group) => tokenDistance(group.map(({ codes }) => codes)));
  return estimateMean(distances, createRng(seed, "tokenDistanceInterval"));
}
