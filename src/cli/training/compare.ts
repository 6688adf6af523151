/**
 * Scores a model before, during and after training on the same prompts, seeds and settings: reward of its own answers
 * about its own images, an outside judge's opinion of the same images, and answers about real scenes. Differences are paired, with a 95 % interval.
 */

import type { RunConfig } from "../../engine/config.ts";
import {
  createRng,
  detectRewardHacking,
  type Estimate,
  estimateMean,
  evaluateSelfReward,
  evaluateUnderstanding,
  type GenEvalGain,
  type JudgedImage,
  judgeImages,
  type ListedPrompt,
  limitPrompts,
  type ObjectDetector,
  type RenderedScene,
  renderHeldOutScenes,
  type SelfRewardReport,
  type Splits,
  type SpriteSet,
  scoreGain,
  scoreImages,
  type UnderstandingReport,
  type UnifiedModel,
} from "../../engine/index.ts";
import { scoresRecord } from "../evaluation/scores.ts";
import type { TrainOptions } from "./trainOptions.ts";

/** Evaluation draws the same images and scenes in every run, whatever the run's seed. */
const EVALUATION_SEED = 1;

export interface ComparePlan {
  readonly prompts: readonly ListedPrompt[];
  readonly imagesPerPrompt: number;
  readonly scenes: readonly RenderedScene[];
  /** Scales to score at: as the model is shipped, then as it is trained where that differs. */
  readonly guidanceScales: readonly number[];
  /** Borrowed; null leaves the images to the model's own opinion. */
  readonly detector: ObjectDetector | null;
  readonly signal: AbortSignal;
}

/** Scores of one state of the model. */
export interface Scores {
  /** One report per guidance scale of the plan. */
  readonly selfRewards: readonly SelfRewardReport[];
  /** The same images before the judge; null without one. */
  readonly judged: readonly (readonly JudgedImage[])[] | null;
  readonly understanding: UnderstandingReport;
}

/** Before, after, and the paired difference with its 95 % interval. */
export interface Difference {
  readonly before: number;
  readonly after: number;
  readonly gain: Estimate;
}

/** What is scored, and on what; all borrowed. */
export interface CompareSetting {
  readonly model: UnifiedModel;
  /** The outside judge, who scores but never teaches; null without one. */
  readonly detector: ObjectDetector | null;
  /** Sprites of the model's world. */
  readonly sprites: SpriteSet;
  readonly options: TrainOptions;
  readonly signal: AbortSignal;
}

/** `--eval-prompts` images over the chosen list: every prompt once, or more often when the list is shorter. */
export function planComparison(
  { model, detector, sprites, options, signal }: CompareSetting,
  splits: Splits,
  config: RunConfig,
): ComparePlan {
  const prompts = limitPrompts(splits[options.prompts], options.evalPrompts);
  return {
    prompts,
    imagesPerPrompt: Math.ceil(options.evalPrompts / Math.max(1, prompts.length)),
    scenes: renderHeldOutScenes(sprites, splits, options.evalScenes, EVALUATION_SEED),
    guidanceScales: [...new Set([model.generation.guidanceScale, config.guidanceScale])],
    detector,
    signal,
  };
}

/** Scores a model as it is now. @throws EngineError("cancelled") */
export async function scoreModel(model: UnifiedModel, plan: ComparePlan): Promise<Scores> {
  const { prompts, imagesPerPrompt, scenes, guidanceScales, detector, signal } = plan;
  const selfRewards: SelfRewardReport[] = [];
  const judged: JudgedImage[][] = [];
  for (const guidanceScale of guidanceScales) {
    const options = { ...model.generation, guidanceScale, imagesPerPrompt, seed: EVALUATION_SEED, signal };
    const report = await evaluateSelfReward(model, prompts, options);
    selfRewards.push(report);
    if (detector) judged.push(await judgeImages({ model, detector }, report.images, { signal }));
  }
  return {
    selfRewards,
    judged: detector && judged,
    understanding: await evaluateUnderstanding(model, scenes, "real", { signal }),
  };
}

/** Reward of each prompt: the mean over its images. @returns [prompts] */
function rewardsOf({ images }: SelfRewardReport, promptCount: number): number[] {
  const rewards = Array.from({ length: promptCount }, (): number[] => []);
  for (const { promptIndex, reward } of images) rewards[promptIndex]?.push(reward);
  return rewards.map(meanOf);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

/** Paired difference of two lists about the same items. */
export function compareScores(before: readonly number[], after: readonly number[]): Difference {
  const gains = before.map((value, at) => (after[at] ?? Number.NaN) - value);
  return {
    before: meanOf(before),
    after: meanOf(after),
    gain: estimateMean(gains, createRng(EVALUATION_SEED, "gainInterval")),
  };
}

/** GenEval's scores of judged images; nothing where nobody judged. */
function judgedRecord(images: readonly JudgedImage[] | undefined): Record<string, unknown> {
  return images ? { judged: scoresRecord(scoreImages(images, EVALUATION_SEED)) } : {};
}

/** What the judge saw change; nothing where nobody judged. */
function judgedGainRecord(
  before: readonly JudgedImage[] | undefined,
  after: readonly JudgedImage[] | undefined,
): Record<string, unknown> {
  if (!before || !after) return {};
  const [old, now] = [scoreImages(before, EVALUATION_SEED), scoreImages(after, EVALUATION_SEED)];
  const { overall, tasks }: GenEvalGain = scoreGain(before, after, EVALUATION_SEED);
  const judged = {
    before: old.overall.mean,
    after: now.overall.mean,
    gain: overall,
    gainByTask: Object.fromEntries([...tasks].map(([tag, { mean }]) => [tag, mean])),
    hacking: detectRewardHacking(before, after, EVALUATION_SEED),
  };
  return { judged };
}

/** What to tell a person when the model learns to please itself and not the judge; null while all is well. */
export function warnOfHacking(before: Scores, now: Scores, plan: ComparePlan): string | null {
  for (const [at, guidanceScale] of plan.guidanceScales.entries()) {
    const [old, fresh] = [before.judged?.[at], now.judged?.[at]];
    if (!old || !fresh) continue;
    const { excess, isHacking } = detectRewardHacking(old, fresh, EVALUATION_SEED);
    if (!isHacking) continue;
    const [mean, low, high] = [excess.mean, excess.low, excess.high].map((value) => value.toFixed(3));
    return `Reward hacking: with guidance ${guidanceScale}, self-reward rose by ${mean} (${low} to ${high}) more than the judge's score. Lower the learning rate, raise klImage, or mix in the frozen judge (--set frozenJudge=0.5).`;
  }
  return null;
}

/** Means of one state, as a record for the log. */
export function summariseScores(scores: Scores, plan: ComparePlan): Record<string, unknown> {
  return {
    rewards: scores.selfRewards.map(({ reward, rewardByTag, rewardSeen, rewardUnseen }, at) => ({
      guidanceScale: plan.guidanceScales[at],
      reward,
      rewardSeen: rewardSeen.mean,
      rewardUnseen: rewardUnseen.mean,
      rewardByTag: Object.fromEntries(Object.entries(rewardByTag).map(([tag, { mean }]) => [tag, mean])),
      ...judgedRecord(scores.judged?.[at]),
    })),
    understanding: scores.understanding.exact,
    understandingByTag: Object.fromEntries(
      Object.entries(scores.understanding.exactByTag).map(([tag, { mean }]) => [tag, mean]),
    ),
  };
}

/** What changed, as a record for the log. */
export function summariseGain(before: Scores, after: Scores, plan: ComparePlan): Record<string, unknown> {
  const exact = ({ understanding }: Scores) => understanding.answers.map(({ isExact }) => (isExact ? 1 : 0));
  return {
    prompts: plan.prompts.length,
    imagesPerPrompt: plan.imagesPerPrompt,
    scenes: plan.scenes.length,
    rewards: plan.guidanceScales.flatMap((guidanceScale, at) => {
      const [old, now] = [before.selfRewards[at], after.selfRewards[at]];
      if (!old || !now) return [];
      const count = plan.prompts.length;
      const self = compareScores(rewardsOf(old, count), rewardsOf(now, count));
      return [{ guidanceScale, ...self, ...judgedGainRecord(before.judged?.[at], after.judged?.[at]) }];
    }),
    understanding: compareScores(exact(before), exact(after)),
  };
}
