/**
 * Whether a model learns in the same direction when its weights are kept otherwise: the gradient of the adapter on a
 * fixed batch, as a step of GRPO has it, in two formats of the same weights.
 */
import { dispose, tensor } from "@tensorflow/tfjs-core";
import { makeConfig } from "../config.ts";
import type { UnifiedModel } from "../models/unified.ts";
import { drawRemaskViews } from "../rl/imageViews.ts";
import { computePass, type Pass, type PassPlan } from "../rl/passes.ts";
import type { Sample } from "../rl/samples.ts";
import { createRng } from "../rng.ts";
import { type EvalProgress, mapBatches } from "./batches.ts";
import type { RenderedScene } from "./scenes.ts";

/** What 120 steps of the default preset leave in showo-tiny's B: a root mean square of 0.0051 to 0.0054. */
const B_DEVIATION = 0.005;
const SAMPLES_PER_PASS = 16;
/** Both terms alike and without KL, which would compare a model with itself. */
const WEIGHTS = { policy: 1, kl: 0 };
const PLAN: PassPlan = {
  objective: "grpo",
  image: WEIGHTS,
  answer: WEIGHTS,
  endToEnd: null,
  clip: { low: 0.2, high: 0.2 },
  imagesPerPass: SAMPLES_PER_PASS,
  isRecomputed: false,
};

/**
 * Attaches an adapter of the default size that is not fresh: with B = 0, A would have no gradient. A is drawn as for a
 * fresh one, B normally.
 */
export function attachProbeAdapter(model: UnifiedModel, seed: number): void {
  const { loraRank: rank, loraAlpha: alpha } = makeConfig("robust");
  model.attachAdapter({ rank, alpha, seed });
  for (const { name, variable } of model.adapterVariables()) {
    if (!name.includes("lora_B")) continue;
    const values = createRng(seed, "probeAdapter", name)
      .normal(variable.size)
      .map((value) => value * B_DEVIATION);
    const drawn = tensor(values, variable.shape);
    variable.assign(drawn);
    dispose(drawn);
  }
}

/**
 * What a model learns from: its own images of held-out prompts, its own sampled answers about them, each image hidden in
 * one of four ways in turn, pushed towards and away from in turn. Everything is drawn from the seed.
 * @throws EngineError("cancelled")
 */
export async function drawProbeSamples(
  model: UnifiedModel,
  scenes: readonly Pick<RenderedScene, "metadata" | "question">[],
  seed: number,
  progress: EvalProgress = {},
): Promise<Sample[]> {
  const { remaskDraws, remaskMinRatio, answerMaxTokens } = makeConfig("robust");
  const named = scenes.map((scene, at) => ({ ...scene, at, name: `${seed}/probe/${at}` }));
  const signal = progress.signal ? { signal: progress.signal } : {};
  return mapBatches(named, progress, async (batch) => {
    const seeds = batch.map(({ name }) => name);
    const prompts = batch.map(({ metadata }) => metadata.prompt);
    const images = await model.drawImages({ prompts, seeds, ...model.generation, ...signal });
    const questions = batch.map(({ question }) => question);
    const sampling = { temperature: 1, seeds };
    const asked = { images, questions, sampling, maxTokens: answerMaxTokens, ...signal };
    const answers = await model.answerQuestions(asked);
    return batch.map(({ metadata, question, at, name }, row): Sample => {
      const codes = images[row] ?? new Int32Array();
      const views = drawRemaskViews(model.imageTokenCount, remaskDraws, remaskMinRatio, createRng(name));
      const view = views[Math.floor(at / 2) % views.length];
      const sign = at % 2 === 0 ? 1 : -1;
      return {
        prompt: metadata.prompt,
        question,
        codes,
        answer: answers[row]?.tokens ?? new Int32Array(),
        signal: { image: sign, answer: sign },
        views: view ? [view] : [],
        softMask: new Uint8Array(codes.length),
        noiseSeed: name,
      };
    });
  });
}

/** The adapter's gradient, all of its variables one after the other. */
export type FlatGradient = Float32Array;
export interface ProbeGradients {
  readonly image: FlatGradient;
  readonly answer: FlatGradient;
  /** Of both terms' sum. */
  readonly both: FlatGradient;
}

async function gradientOf(
  model: UnifiedModel,
  term: Pass["term"],
  samples: readonly Sample[],
  share: number,
): Promise<FlatGradient> {
  const pass: Pass = { term, view: 0, samples, weights: WEIGHTS, plan: PLAN, share };
  const { gradients, sums, logProbs } = computePass(model, pass);
  const parts = await Promise.all(
    model.adapterVariables().map(({ variable }) => gradients[variable.name]?.data() ?? []),
  );
  dispose([gradients, sums, logProbs]);
  const flat = new Float32Array(parts.reduce((total, part) => total + part.length, 0));
  let filled = 0;
  for (const part of parts) {
    flat.set(part, filled);
    filled += part.length;
  }
  return flat;
}

const add = (a: FlatGradient, b: FlatGradient) => a.map((value, at) => value + (b[at] ?? Number.NaN));

/** Gradients of the mean losses over the samples. @throws EngineError("cancelled") */
export async function computeProbeGradients(
  model: UnifiedModel,
  samples: readonly Sample[],
  progress: EvalProgress = {},
): Promise<ProbeGradients> {
  const share = 1 / samples.length;
  const sums: Partial<Record<Pass["term"], FlatGradient>> = {};
  await mapBatches(samples, { ...progress, batchSize: SAMPLES_PER_PASS }, async (batch) => {
    for (const term of ["image", "answer"] as const) {
      const gradient = await gradientOf(model, term, batch, share);
      const before = sums[term];
      sums[term] = before ? add(before, gradient) : gradient;
    }
    return batch;
  });
  const { image = new Float32Array(), answer = new Float32Array() } = sums;
  return { image, answer, both: add(image, answer) };
}

/** Cosine of the angle between two vectors of one length; NaN when one of them is 0. */
export function cosine(a: FlatGradient, b: FlatGradient): number {
  let [product, left, right] = [0, 0, 0];
  for (const [at, value] of a.entries()) {
    const other = b[at] ?? Number.NaN;
    product += value * other;
    left += value * value;
    right += other * other;
  }
  return product / Math.sqrt(left * right);
}
