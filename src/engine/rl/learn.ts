/** The learning half of a step: gradients pass by pass, finite check, clip, an AdamW update; μ times. */
import { add, concat, dispose, type Tensor1D, type Tensor2D, tidy, util } from "@tensorflow/tfjs-core";
import type { RunConfig } from "../config.ts";
import { beginStretch, enterPhase } from "../device/backend.ts";
import type { CheckDevice } from "../device/deviceErrors.ts";
import { EngineError } from "../errors.ts";
import type { StopSignal, UnifiedModel } from "../models/unified.ts";
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

/**
 * A term's sums over its passes, added up where the passes run: however many there are, as many numbers are read back.
 * Owns its tensors.
 */
class TermTotals {
  readonly #totals = new Map<Pass["term"], Tensor1D>();

  /** Takes ownership. @param sums [4] of one pass */
  add(term: Pass["term"], sums: Tensor1D): void {
    const before = this.#totals.get(term);
    this.#totals.set(term, before ? add(before, sums) : sums);
    if (before) dispose([before, sums]);
  }

  /** [4] each, borrowed; terms in the order of their first pass. */
  get tensors(): Tensor1D[] {
    return [...this.#totals.values()];
  }

  /** The downloaded numbers of `tensors`, by term. @param values [terms · 4] */
  split(values: Float32Array): Map<Pass["term"], Float32Array> {
    const width = PASS_SUMS.length;
    return new Map(
      [...this.#totals.keys()].map((term, at) => [term, values.subarray(at * width, (at + 1) * width)]),
    );
  }

  dispose(): void {
    dispose(this.tensors);
  }
}

/** Means of one term from its sums over all passes. @param values [4] @throws EngineError("nonFinite") */
function describeSums(passes: readonly Pass[], values: Float32Array, term: Pass["term"]): Sums {
  // Below 1 where samples that teach nothing were left out: the loss counts them, means of what was scored do not.
  const coverage = passes
    .filter((pass) => pass.term === term)
    .reduce((total, pass) => total + pass.share * pass.samples.length, 0);
  const [loss = 0, kl = 0, logProb = 0, clipped = 0] = values;
  for (const [name, value] of Object.entries({ loss, kl, logProb, clipped })) {
    if (Number.isFinite(value)) continue;
    throw new EngineError(
      "nonFinite",
      `The ${name} of the ${term} term is ${value}, so nothing was changed. Lower the learning rate and go on.`,
      { metric: `${term}.${name}`, tensor: `${term}LogProbs` },
    );
  }
  return { loss, kl: kl / coverage, logProb: logProb / coverage, clipped: clipped / coverage };
}

function describeTerms(
  passes: readonly Pass[],
  sums: ReadonlyMap<Pass["term"], Float32Array>,
  isRepeated: boolean,
): Partial<LearnReport> {
  const describe = (term: Pass["term"]) => {
    const values = sums.get(term);
    return values ? describeSums(passes, values, term) : null;
  };
  const [image, answer] = [describe("image"), describe("answer")];
  const hasKl = (term: Pass["term"]) => passes.some((pass) => pass.term === term && pass.weights.kl > 0);
  return {
    ...(image ? { imageEntropy: -image.logProb } : {}),
    ...(image && hasKl("image") ? { klImage: image.kl } : {}),
    ...(answer && hasKl("answer") ? { klAnswer: answer.kl } : {}),
    ...(isRepeated ? { clipShare: image?.clipped ?? answer?.clipped ?? 0 } : {}),
  };
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
