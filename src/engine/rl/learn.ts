/** The learning half of a step: gradients pass by pass, finite check, clip, an AdamW update; μ times. */
import { concat, type Tensor2D, tidy, util } from "@tensorflow/tfjs-core";
import type { RunConfig } from "../config.ts";
import { beginStretch, enterPhase } from "../device/backend.ts";
import type { CheckDevice } from "../device/deviceErrors.ts";
import type { StopSignal, UnifiedModel } from "../models/unified.ts";
import type { AdamW } from "../optim/adamw.ts";
import { clipFactor, globalNorm } from "../optim/clip.ts";
import type { GradientSum } from "../optim/gradientSum.ts";
import { warmUp } from "../optim/schedule.ts";
import { computePass, PASS_SUMS, type Pass, type PassResult } from "./passes.ts";
import { renamed } from "./phases.ts";
import { describeTerms, type TermMeans, TermTotals } from "./termTotals.ts";

/** Passes done of all passes of the step, over all its updates. */
export interface LearnProgress {
  readonly done: number;
  readonly total: number;
}

/** Means over the last update's passes; a term that was left out has no numbers. */
export interface LearnReport extends TermMeans {
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** Share of scored tokens whose ratio was clipped; absent with a single update. */
  readonly clipShare?: number;
  readonly seconds: number;
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
  readonly signal: StopSignal | undefined;
  /** Throws once the run is to stop. */
  readonly checkCancelled: () => void;
  /** Awaited right before each update: what the device computed wrong must not be written. */
  readonly checkDevice: CheckDevice;
}

/**
 * Checks, clips and applies a finished gradient. Nothing is written unless every number is finite and the device computed
 * without complaint.
 */
async function applyGradient(
  sum: GradientSum,
  totals: TermTotals,
  { passes, optimizer, readConfig, checkDevice }: LearnJob,
): Promise<Omit<LearnReport, "seconds">> {
  const numbers = tidy(() => concat([...totals.tensors, sum.squaredNorms()]));
  const values = (await numbers.data()) as Float32Array;
  numbers.dispose();
  await checkDevice();
  const config = readConfig();
  const described = describeTerms(passes, totals.split(values), config.innerUpdates > 1);
  const norm = globalNorm(
    values.subarray(totals.tensors.length * PASS_SUMS.length),
    sum.packing.segments.map(({ name }) => name),
  );
  const learningRate = warmUp(config.learningRate, optimizer.updates + 1);
  optimizer.update(sum, learningRate, clipFactor(norm, config.gradientClip));
  return { gradientNorm: norm, learningRate, ...described };
}

/** Log-probs [B, T] of the policy that drew the samples, by pass. */
type OldLogProbs = Map<Pass, Tensor2D>;

/**
 * One update: every pass, then the step of the optimizer. Yields the number of passes done.
 * @param old filled by the first update, read by the later ones; null where there is only one
 */
async function* updateOnce(job: LearnJob, old: OldLogProbs | null): AsyncGenerator<number, LearnReport> {
  const { model, passes, optimizer, signal, checkCancelled } = job;
  const sum = optimizer.startSum();
  const totals = new TermTotals();
  let workedMs = 0;
  try {
    for (const [at, pass] of passes.entries()) {
      checkCancelled();
      enterPhase("learn");
      const rest = beginStretch();
      const startedMs = util.now();
      const before = old?.get(pass) ?? null;
      const result: PassResult = computePass(model, pass, before);
      sum.add(result.gradients);
      totals.add(pass.term, result.sums);
      if (old && !before) old.set(pass, result.logProbs);
      else result.logProbs.dispose();
      await rest(signal);
      workedMs += util.now() - startedMs;
      enterPhase(null);
      yield at + 1;
    }
    checkCancelled();
    enterPhase("learn");
    const startedMs = util.now();
    const report = await applyGradient(sum, totals, job);
    return { ...report, seconds: (workedMs + util.now() - startedMs) / 1000 };
  } finally {
    sum.dispose();
    totals.dispose();
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
