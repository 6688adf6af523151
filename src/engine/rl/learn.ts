/** The learning half of a step: gradients pass by pass, finite check, clip, an AdamW update; μ times. */
import { concat, type Tensor1D, type Tensor2D, tidy, util } from "@tensorflow/tfjs-core";
import type { RunConfig } from "../config.ts";
import { EngineError } from "../errors.ts";
import type { UnifiedModel } from "../models/unified.ts";
import type { AdamW } from "../optim/adamw.ts";
import { clipFactor, globalNorm } from "../optim/clip.ts";
import type { GradientSum } from "../optim/gradientSum.ts";
import { warmUp } from "../optim/schedule.ts";
import { computePass, PASS_SUMS, type Pass, type PassResult } from "./passes.ts";
import { renamed } from "./phases.ts";

/** Passes done of all passes of the step, over all its updates. */
export interface LearnProgress {
  readonly done: number;
  readonly total: number;
}

/** Means over the last update's passes; a term that was left out has no numbers. */
export interface LearnReport {
  readonly gradientNorm: number;
  readonly learningRate: number;
  readonly klImage?: number;
  readonly klAnswer?: number;
  /** Mean −log p of the drawn tokens where they were hidden, nats. */
  readonly imageEntropy?: number;
  /** Share of scored tokens whose ratio was clipped; absent with a single update. */
  readonly clipShare?: number;
  readonly seconds: number;
}

type Sums = Record<(typeof PASS_SUMS)[number], number>;

/** Adds up the downloaded [passes · 4] sums of one term. @throws EngineError("nonFinite") */
function addSums(passes: readonly Pass[], values: Float32Array, term: Pass["term"]): Sums | null {
  if (!passes.some((pass) => pass.term === term)) return null;
  const totals: Sums = { loss: 0, kl: 0, logProb: 0, clipped: 0 };
  // Below 1 where samples that teach nothing were left out: the loss counts them, means of what was scored do not.
  let coverage = 0;
  for (const [at, pass] of passes.entries()) {
    if (pass.term !== term) continue;
    coverage += pass.share * pass.samples.length;
    for (const [column, name] of PASS_SUMS.entries())
      totals[name] += values[at * PASS_SUMS.length + column] ?? 0;
  }
  for (const [name, value] of Object.entries(totals)) {
    if (Number.isFinite(value)) continue;
    throw new EngineError(
      "nonFinite",
      `The ${name} of the ${term} term is ${value}, so nothing was changed. Lower the learning rate and go on.`,
      { metric: `${term}.${name}`, tensor: `${term}LogProbs` },
    );
  }
  const meanOf = (total: number) => total / coverage;
  return {
    loss: totals.loss,
    kl: meanOf(totals.kl),
    logProb: meanOf(totals.logProb),
    clipped: meanOf(totals.clipped),
  };
}

function describeTerms(
  passes: readonly Pass[],
  values: Float32Array,
  isRepeated: boolean,
): Partial<LearnReport> {
  const image = addSums(passes, values, "image");
  const answer = addSums(passes, values, "answer");
  const hasKl = (term: Pass["term"]) => passes.some((pass) => pass.term === term && pass.weights.kl > 0);
  return {
    ...(image ? { imageEntropy: -image.logProb } : {}),
    ...(image && hasKl("image") ? { klImage: image.kl } : {}),
    ...(answer && hasKl("answer") ? { klAnswer: answer.kl } : {}),
    ...(isRepeated ? { clipShare: image?.clipped ?? answer?.clipped ?? 0 } : {}),
  };
}

/** Checks, clips and applies a finished gradient. Nothing is written unless every number is finite. */
async function applyGradient(
  sum: GradientSum,
  passes: readonly Pass[],
  sums: readonly Tensor1D[],
  optimizer: AdamW,
  config: RunConfig,
): Promise<Omit<LearnReport, "seconds">> {
  const numbers = tidy(() => concat([...sums, sum.squaredNorms()]));
  const values = (await numbers.data()) as Float32Array;
  numbers.dispose();
  const described = describeTerms(passes, values, config.innerUpdates > 1);
  const norm = globalNorm(
    values.subarray(passes.length * PASS_SUMS.length),
    sum.packing.segments.map(({ name }) => name),
  );
  const learningRate = warmUp(config.learningRate, optimizer.updates + 1);
  optimizer.update(sum, learningRate, clipFactor(norm, config.gradientClip));
  return { gradientNorm: norm, learningRate, ...described };
}

/** A step's learning, all borrowed. */
export interface LearnJob {
  readonly model: UnifiedModel;
  readonly passes: readonly Pass[];
  /** μ ≥ 1 */
  readonly updates: number;
  readonly optimizer: AdamW;
  /** Read once more right before each update: learning rate and clip are live. */
  readonly readConfig: () => RunConfig;
  /** Throws once the run is to stop. */
  readonly checkCancelled: () => void;
}

/** Log-probs [B, T] of the policy that drew the samples, by pass. */
type OldLogProbs = Map<Pass, Tensor2D>;

/**
 * One update: every pass, then the step of the optimizer. Yields the number of passes done.
 * @param old filled by the first update, read by the later ones; null where there is only one
 */
async function* updateOnce(
  { model, passes, optimizer, readConfig, checkCancelled }: LearnJob,
  old: OldLogProbs | null,
): AsyncGenerator<number, LearnReport> {
  const sum = optimizer.startSum();
  const sums: Tensor1D[] = [];
  let workedMs = 0;
  try {
    for (const [at, pass] of passes.entries()) {
      checkCancelled();
      const startedMs = util.now();
      const before = old?.get(pass) ?? null;
      const result: PassResult = computePass(model, pass, before);
      sum.add(result.gradients);
      sums.push(result.sums);
      if (old && !before) old.set(pass, result.logProbs);
      else result.logProbs.dispose();
      workedMs += util.now() - startedMs;
      yield at + 1;
    }
    checkCancelled();
    const startedMs = util.now();
    const report = await applyGradient(sum, passes, sums, optimizer, readConfig());
    return { ...report, seconds: (workedMs + util.now() - startedMs) / 1000 };
  } finally {
    sum.dispose();
    for (const tensor of sums) tensor.dispose();
  }
}

/**
 * Computes the passes one by one and, after the last, updates the adapter; μ times, from the second on with the ratio
 * to the policy before the first. Leaving early, by whatever way, changes nothing.
 * @throws EngineError("nonFinite") naming metric and tensor; EngineError("cancelled")
 */
export async function* learn(job: LearnJob): AsyncGenerator<LearnProgress, LearnReport> {
  const { passes, updates, optimizer } = job;
  const total = passes.length * updates;
  if (updates === 1) return yield* renamed(updateOnce(job, null), (done) => ({ done, total }));
  const old: OldLogProbs = new Map();
  const before = optimizer.snapshot();
  let isDone = false;
  try {
    let seconds = 0;
    for (let update = 1; ; update++) {
      const earlier = (update - 1) * passes.length;
      const report = yield* renamed(updateOnce(job, old), (done) => ({ done: earlier + done, total }));
      seconds += report.seconds;
      isDone = update === updates;
      if (isDone) return { ...report, seconds };
    }
  } finally {
    if (!isDone) before.restore();
    before.dispose();
    for (const logProbs of old.values()) logProbs.dispose();
  }
}
