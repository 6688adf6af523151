/**
 * Scores a model before, during and after training on the same prompts, seeds and settings: reward of its own answers
 * about its own images, an outside judge's opinion of the same images, answers about real scenes with and without seeing
 * them, and the balance of drawing and understanding. Differences are paired, with a 95 % interval.
 */

import type { RunConfig } from "../../engine/config.ts";
import {
  type ConditionalAccuracy,
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
  SHOWN_IMAGES,
  type ShownImage,
  type Splits,
  type SpriteSet,
  scoreGain,
  scoreImages,
  type UnderstandingReport,
  type UnifiedModel,
  understandingGivenDrawing,
} from "../../engine/index.ts";
import { scoresRecord } from "../evaluation/scores.ts";
import { choosePool, redrawPool } from "./balance.ts";
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
  /** Answers about the same scenes as they are, blanked, and swapped. */
  readonly understanding: Readonly<Record<ShownImage, UnderstandingReport>>;
  /** Acc(T2I|MMU) over the base's correct images; null for the base itself, and without a judge. */
  readonly drawnGivenUnderstood: ConditionalAccuracy | null;
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

/** Acc(T2I|MMU) at the scale the model is shipped with. */
async function scoreBalance(
  model: UnifiedModel,
  { detector, guidanceScales: [guidanceScale = 0], signal }: ComparePlan,
  base: Scores | null,
): Promise<ConditionalAccuracy | null> {
  const drawn = base?.judged?.[0];
  if (!detector || !drawn) return null;
  return redrawPool(choosePool(drawn), { model, detector, guidanceScale, seed: EVALUATION_SEED, signal });
}

async function scoreUnderstanding(
  model: UnifiedModel,
  { scenes, signal }: ComparePlan,
): Promise<Scores["understanding"]> {
  const ask = (shown: ShownImage) => evaluateUnderstanding(model, scenes, shown, { signal });
  return { real: await ask("real"), blanked: await ask("blanked"), swapped: await ask("swapped") };
}

/**
 * Scores a model as it is now.
 * @param base the scores of its state before training; null while it is that state
 * @throws EngineError("cancelled")
 */
export async function scoreModel(
  model: UnifiedModel,
  plan: ComparePlan,
  base: Scores | null,
): Promise<Scores> {
  const { prompts, imagesPerPrompt, guidanceScales, detector, signal } = plan;
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
    understanding: await scoreUnderstanding(model, plan),
    drawnGivenUnderstood: await scoreBalance(model, plan, base),
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

/** Acc(MMU|T2I) of images with the answers they were scored by: nothing is drawn for it. */
const understoodGivenDrawn = (images: readonly JudgedImage[]) =>
  understandingGivenDrawing(images, EVALUATION_SEED).all;

/** GenEval's scores of judged images and Acc(MMU|T2I); nothing where nobody judged. */
function judgedRecord(images: readonly JudgedImage[] | undefined): Record<string, unknown> {
  if (!images) return {};
  const scores = scoresRecord(scoreImages(images, EVALUATION_SEED));
  return { judged: { ...scores, mmuGivenT2i: understoodGivenDrawn(images) } };
}

/** Acc(T2I|MMU); nothing where it was not measured. */
function balanceRecord({ drawnGivenUnderstood }: Scores): Record<string, unknown> {
  return drawnGivenUnderstood ? { t2iGivenMmu: drawnGivenUnderstood.all } : {};
}

/**
 * The numbers of an evaluation for the metrics of its step, those that could be measured: exact answers about real,
 * blanked and swapped scenes, and both conditional accuracies.
 */
export function evaluationMetrics({
  understanding,
  judged,
  drawnGivenUnderstood,
}: Scores): Record<string, number> {
  const [drawn] = judged ?? [];
  const numbers = {
    ...Object.fromEntries(
      SHOWN_IMAGES.map((shown) => [`understanding/${shown}`, understanding[shown].exact.mean]),
    ),
    mmuGivenT2i: drawn ? understoodGivenDrawn(drawn).share.mean : Number.NaN,
    t2iGivenMmu: drawnGivenUnderstood?.all.share.mean ?? Number.NaN,
  };
  return Object.fromEntries(Object.entries(numbers).filter(([, value]) => Number.isFinite(value)));
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
    mmuGivenT2i: { before: understoodGivenDrawn(before), after: understoodGivenDrawn(after) },
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
    understanding: scores.understanding.real.exact,
    understandingByTag: Object.fromEntries(
      Object.entries(scores.understanding.real.exactByTag).map(([tag, { mean }]) => [tag, mean]),
    ),
    understandingBlanked: scores.understanding.blanked.exact,
    understandingSwapped: scores.understanding.swapped.exact,
    ...balanceRecord(scores),
  };
}

/** What changed, as a record for the log. */
export function summariseGain(before: Scores, after: Scores, plan: ComparePlan): Record<string, unknown> {
  const compare = (shown: ShownImage) => {
    const exact = ({ understanding }: Scores) => understanding[shown].answers.map(({ isExact }) => +isExact);
    return compareScores(exact(before), exact(after));
  };
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
    understanding: compare("real"),
    understandingBlanked: compare("blanked"),
    understandingSwapped: compare("swapped"),
    ...balanceRecord(after),
  };
}
