/** The numbers of one step. Names are those of `protocol/record.ts`; per-tag rewards are called `reward/<tag>`. */
import type { GpuUse } from "../device/gpuLog.ts";
import type { ImageCodes } from "../models/unified.ts";
import { groupStatistics, isDeadGroup } from "./advantage.ts";
import type { LearnReport } from "./learn.ts";
import type { JudgedGroup } from "./task.ts";

/** One finite number per name; what a step did not measure is absent. */
export type StepMetrics = Readonly<Record<string, number>>;

/** Seconds a step spent in its phases. */
export interface PhaseSeconds {
  readonly draw: number;
  readonly answer: number;
  /** What the onlooker took, and what the loss left to be measured. */
  readonly observe: number;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((total, value) => total + value, 0) / values.length;
}

/** Share of tokens in which two images of a group differ, averaged over all pairs. @param images [G][N], G ≥ 2 */
export function tokenDistance(images: readonly ImageCodes[]): number {
  const shares: number[] = [];
  for (const [at, image] of images.entries()) {
    for (const other of images.slice(at + 1)) {
      const differing = image.reduce((count, code, token) => count + (code === other[token] ? 0 : 1), 0);
      shares.push(differing / image.length);
    }
  }
  return mean(shares);
}

function rewardsByTag(groups: readonly JudgedGroup[]): Record<string, number> {
  const byTag = new Map<string, number[]>();
  for (const { task, rewards } of groups) {
    const { tag } = task.metadata;
    byTag.set(tag, [...(byTag.get(tag) ?? []), ...rewards.map(({ reward }) => reward)]);
  }
  return Object.fromEntries([...byTag].map(([tag, rewards]) => [`reward/${tag}`, mean(rewards)]));
}

/**
 * Confusion of answer forms: share of a tag's answers shaped like those of another, `format/<asked>/<given>`; pairs that
 * did not occur are absent. Source: spec/unirl.md 10.5.
 */
function formatConfusion(groups: readonly JudgedGroup[]): Record<string, number> {
  const given = new Map<string, number>();
  const asked = new Map<string, number>();
  for (const { task, rewards } of groups) {
    const { tag } = task.metadata;
    asked.set(tag, (asked.get(tag) ?? 0) + rewards.length);
    for (const { format = tag } of rewards) {
      if (format !== tag) given.set(`${tag}/${format}`, (given.get(`${tag}/${format}`) ?? 0) + 1);
    }
  }
  const share = (pair: string, count: number) => count / (asked.get(pair.split("/")[0] ?? "") ?? 1);
  return Object.fromEntries([...given].map(([pair, count]) => [`format/${pair}`, share(pair, count)]));
}

/** Mean reward by the starting model's answers, where it is asked. */
function frozenReward(groups: readonly JudgedGroup[]): { rewardFrozen?: number } {
  const rewards = groups.flatMap(({ frozenRewards }) => frozenRewards ?? []);
  return rewards.length > 0 ? { rewardFrozen: mean(rewards) } : {};
}

/** What the phases asked of the GPU: `gpu/<phase>/<count>`, and the time of all together; nothing off the GPU. */
function gpuMetrics(useByPhase: ReadonlyMap<string, GpuUse> | null): Record<string, number> {
  const uses = [...(useByPhase ?? [])];
  const counts = uses.flatMap(([phase, use]) =>
    Object.entries(use).flatMap(([name, value]) => (value === null ? [] : [[`gpu/${phase}/${name}`, value]])),
  );
  const times = uses.flatMap(([, { busyMs }]) => busyMs ?? []);
  const total = times.reduce((sum, ms) => sum + ms, 0);
  return { ...Object.fromEntries(counts), ...(times.length > 0 ? { gpuMs: total } : {}) };
}

/**
 * Metrics of a finished step.
 * @param report without what was not learnt when every group was dead @param gpuUse by phase; null off the GPU
 */
export function computeMetrics(
  groups: readonly JudgedGroup[],
  report: Partial<LearnReport>,
  seconds: PhaseSeconds,
  gpuUse: ReadonlyMap<string, GpuUse> | null,
): StepMetrics {
  const rewards = groups.map((group) => group.rewards.map(({ reward }) => reward));
  const answers = groups.flatMap((group) => group.answers);
  const { seconds: learnSeconds = 0, ...learnt } = report;
  return {
    rewardMean: mean(rewards.flat()),
    rewardStd: mean(rewards.map((group) => groupStatistics(group).std)),
    ...rewardsByTag(groups),
    ...frozenReward(groups),
    ...formatConfusion(groups),
    deadGroupShare: mean(rewards.map((group) => (isDeadGroup(group) ? 1 : 0))),
    tokenDistance: mean(groups.map(({ images }) => tokenDistance(images))),
    answerLogProb: mean(answers.map(({ logProbs }) => mean(Array.from(logProbs)))),
    answerLength: mean(answers.map(({ tokens }) => tokens.length)),
    ...learnt,
    drawSeconds: seconds.draw,
    answerSeconds: seconds.answer,
    observeSeconds: seconds.observe,
    learnSeconds,
    stepSeconds: seconds.draw + seconds.answer + seconds.observe + learnSeconds,
    ...gpuMetrics(gpuUse),
  };
}
