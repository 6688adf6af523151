/** The learning half of a step: gradients pass by pass, finite check, clip, one AdamW update. */
import { concat, type Tensor1D, tidy, util } from "@tensorflow/tfjs-core";
import type { RunConfig } from "../config.ts";
import { EngineError } from "../errors.ts";
import type { AdapterVariable, UnifiedModel } from "../models/unified.ts";
import type { AdamW } from "../optim/adamw.ts";
import { clipFactor, globalNorm, squaredNorms } from "../optim/clip.ts";
import { GradientSum } from "../optim/gradientSum.ts";
import { warmUp } from "../optim/schedule.ts";
import { computePass, PASS_SUMS, type Pass, type PassResult } from "./grpo.ts";

/** Passes done of all passes of the step. */
export interface LearnProgress {
  readonly done: number;
  readonly total: number;
}

/** Means over the step's passes; a term that was left out has no numbers. */
export interface LearnReport {
  readonly gradientNorm: number;
  readonly learningRate: number;
  readonly klImage?: number;
  readonly klAnswer?: number;
  /** Mean −log p of the drawn tokens where they were hidden, nats. */
  readonly imageEntropy?: number;
  readonly seconds: number;
}

type Sums = Record<(typeof PASS_SUMS)[number], number>;

/** Adds up the downloaded [passes · 3] sums of one term. @throws EngineError("nonFinite") */
function addSums(passes: readonly Pass[], values: Float32Array, term: Pass["term"]): Sums | null {
  if (!passes.some((pass) => pass.term === term)) return null;
  const totals: Sums = { loss: 0, kl: 0, logProb: 0 };
  for (const [at, pass] of passes.entries()) {
    if (pass.term !== term) continue;
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
  return totals;
}

function describeTerms(passes: readonly Pass[], values: Float32Array): Partial<LearnReport> {
  const image = addSums(passes, values, "image");
  const answer = addSums(passes, values, "answer");
  const hasKl = (term: Pass["term"]) => passes.some((pass) => pass.term === term && pass.weights.kl > 0);
  return {
    ...(image ? { imageEntropy: -image.logProb } : {}),
    ...(image && hasKl("image") ? { klImage: image.kl } : {}),
    ...(answer && hasKl("answer") ? { klAnswer: answer.kl } : {}),
  };
}

/** Checks, clips and applies a finished gradient. Nothing is written unless every number is finite. */
async function applyGradient(
  variables: readonly AdapterVariable[],
  sum: GradientSum,
  passes: readonly Pass[],
  sums: readonly Tensor1D[],
  optimizer: AdamW,
  config: RunConfig,
): Promise<Omit<LearnReport, "seconds">> {
  const gradients = sum.gradients();
  const reached = variables.filter(({ variable }) => gradients[variable.name]);
  const names = reached.map(({ variable }) => variable.name);
  const numbers = tidy(() => concat([...sums, squaredNorms(gradients, names)]));
  const values = (await numbers.data()) as Float32Array;
  numbers.dispose();
  const described = describeTerms(passes, values);
  const norm = globalNorm(
    values.subarray(passes.length * PASS_SUMS.length),
    reached.map(({ name }) => name),
  );
  const learningRate = warmUp(config.learningRate, optimizer.updates + 1);
  optimizer.update(gradients, learningRate, clipFactor(norm, config.gradientClip));
  return { gradientNorm: norm, learningRate, ...described };
}

/**
 * Computes the passes one by one and, after the last, updates the adapter. Leaving early changes nothing.
 * @param readConfig read once more right before the update: learning rate and clip are live
 * @throws EngineError("nonFinite") naming metric and tensor, with nothing written; EngineError("cancelled")
 */
export async function* learn(
  model: UnifiedModel,
  passes: readonly Pass[],
  optimizer: AdamW,
  readConfig: () => RunConfig,
  checkCancelled: () => void,
): AsyncGenerator<LearnProgress, LearnReport> {
  const sum = new GradientSum();
  const sums: Tensor1D[] = [];
  let workedMs = 0;
  try {
    for (const [at, pass] of passes.entries()) {
      checkCancelled();
      const startedMs = util.now();
      const result: PassResult = computePass(model, pass);
      sum.add(result.gradients);
      sums.push(result.sums);
      workedMs += util.now() - startedMs;
      yield { done: at + 1, total: passes.length };
    }
    checkCancelled();
    const startedMs = util.now();
    const variables = model.adapterVariables();
    const report = await applyGradient(variables, sum, passes, sums, optimizer, readConfig());
    return { ...report, seconds: (workedMs + util.now() - startedMs) / 1000 };
  } finally {
    sum.dispose();
    for (const tensor of sums) tensor.dispose();
  }
}
