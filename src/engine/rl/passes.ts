/**
 * A step's loss, cut into passes of a few images each, and the gradient of one pass. The step's gradient is the sum over
 * its passes, so that only one pass' tape is alive at a time: memory depends on the images of a pass, not on the group.
 *
 *   GRPO  −c·min(ρ, clipped ρ) + β·k3      c: advantage      spec/unirl.md 10.4
 *   SFT   −c·log p             + β·k3      c: gate           spec/unirl.md 10.3
 *
 * over image tokens (decoupled) and answer tokens; end to end, the answer term also runs through the differentiable image.
 * Differs: β is not multiplied by w, and the answer gate takes away the policy part only, so the KL of the answers
 * holds understanding in place even where answers teach nothing.
 */
import {
  keep,
  type NamedTensorMap,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tensor1d,
  tensor2d,
  tidy,
  variableGrads,
} from "@tensorflow/tfjs-core";
import { type ClipRange, tokenLoss } from "../kernels/tokenLoss/tokenLoss.ts";
import type { UnifiedModel } from "../models/unified.ts";
import type { Sample } from "./samples.ts";

export interface TermWeights {
  /** w of the policy part. */
  readonly policy: number;
  /** β of the KL part; 0 spares the reference pass. */
  readonly kl: number;
}

/** How the answer term reaches the generator. */
export interface EndToEnd {
  readonly tau: number;
  /** The answers' loss trains the generator alone. */
  readonly holdsUnderstanding: boolean;
}

/** What decides a step's losses and how they are cut into passes. */
export interface PassPlan {
  readonly objective: "grpo" | "sft";
  readonly image: TermWeights;
  readonly answer: TermWeights;
  /** Null: decoupled. */
  readonly endToEnd: EndToEnd | null;
  /** How far the ratio may go before it stops pushing, below and above 1. */
  readonly clip: ClipRange;
  readonly imagesPerPass: number;
  /** A layer keeps its input alone and is computed again for its gradient. */
  readonly isRecomputed: boolean;
}

/** One forward and backward pass: an image term seen as in `view`, or an answer term. */
export interface Pass {
  readonly term: "image" | "answer";
  /** Place in `Sample.views`, for the image term. */
  readonly view: number;
  readonly samples: readonly Sample[];
  readonly weights: TermWeights;
  readonly plan: PassPlan;
  /** Factor that makes the passes of a term add up to a mean: 1 / (images · views). */
  readonly share: number;
}

/** Columns of `PassResult.sums`. */
export const PASS_SUMS = ["loss", "kl", "logProb", "clipped"] as const;

export interface PassResult {
  /** By `Variable.name`, owned by the caller. */
  readonly gradients: NamedTensorMap;
  /** [4], see PASS_SUMS: this pass' contributions to the term's means. Owned by the caller. */
  readonly sums: Tensor1D;
  /** [B, T], constant: the old policy of later updates. Owned by the caller. */
  readonly logProbs: Tensor2D;
}

interface TokenScores {
  readonly logProbs: Tensor2D;
  readonly weights: Tensor2D;
}

/** The images as the answer pass reads them. Taped when end to end. */
function readImages(model: UnifiedModel, { samples, plan }: Pass, isReference: boolean) {
  const images = samples.map(({ codes }) => codes);
  if (!plan.endToEnd || isReference) return images;
  return model.differentiableImage({
    prompts: samples.map(({ prompt }) => prompt),
    images,
    hidden: samples.map(({ softMask }) => softMask),
    noiseSeeds: samples.map(({ noiseSeed }) => noiseSeed),
    tau: plan.endToEnd.tau,
    isRecomputed: plan.isRecomputed,
  });
}

/** Log-probs and weights [B, T] of what a pass scores. Taped, except for the reference. */
function scorePass(model: UnifiedModel, pass: Pass, isReference: boolean): TokenScores {
  const { term, view, samples, plan } = pass;
  const { isRecomputed } = plan;
  if (term === "answer") {
    const images: readonly Int32Array[] | Tensor = readImages(model, pass, isReference);
    const score = () =>
      model.answerLogProbs({
        images,
        questions: samples.map(({ question }) => question),
        answers: samples.map(({ answer }) => answer),
        isRecomputed,
      });
    const scores = plan.endToEnd?.holdsUnderstanding ? model.withFrozenAdapter(score) : score();
    return { logProbs: scores.logProbs as Tensor2D, weights: scores.weights as Tensor2D };
  }
  const views = samples.map(({ views: all }) => all[view]);
  const none = new Uint8Array(model.imageTokenCount);
  const logProbs = model.imageLogProbs({
    prompts: samples.map(({ prompt }) => prompt),
    images: samples.map(({ codes }) => codes),
    hidden: views.map((seen) => seen?.hidden ?? none),
    isRecomputed,
  }) as Tensor2D;
  return { logProbs, weights: tensor2d(views.map((seen) => Array.from(seen?.scored ?? none))) };
}

/** w·c of each sample. @returns [B] */
function policyWeights({ term, samples, weights }: Pass): Tensor1D {
  return tensor1d(samples.map(({ signal }) => weights.policy * signal[term]));
}

/**
 * Gradient of one pass over the adapter's variables. Synchronous; changes nothing.
 * The same views serve policy and reference, so equal weights give a KL of exactly 0.
 * @param old [B, T] log-probs of the policy that drew the samples; null in the first update, where it is the learner
 */
export function computePass(model: UnifiedModel, pass: Pass, old: Tensor2D | null = null): PassResult {
  const { weights: termWeights, plan } = pass;
  const variables = model.adapterVariables().map(({ variable }) => variable);
  const reference =
    termWeights.kl > 0 ? tidy(() => model.withoutAdapter(() => scorePass(model, pass, true).logProbs)) : null;
  const kept: { sums?: Tensor1D; logProbs?: Tensor2D } = {};
  const { value, grads } = variableGrads(() => {
    const { logProbs, weights } = scorePass(model, pass, false);
    const { loss, sums } = tokenLoss(
      {
        logProbs,
        weights,
        signals: policyWeights(pass),
        ...(reference ? { reference } : {}),
        ...(old ? { old } : {}),
      },
      { objective: plan.objective, klWeight: termWeights.kl, clip: plan.clip, share: pass.share },
    );
    kept.sums = keep(sums);
    kept.logProbs = keep(logProbs.clone());
    return loss;
  }, variables);
  value.dispose();
  reference?.dispose();
  return { gradients: grads, sums: kept.sums as Tensor1D, logProbs: kept.logProbs as Tensor2D };
}

/**
 * What a pass says of its tokens, without a tape: nothing is learnt from it.
 * @returns [4] as `PassResult.sums`, owned by the caller
 */
export function observePass(model: UnifiedModel, pass: Pass): Tensor1D {
  const { plan, share } = pass;
  return tidy(() => {
    const reference = model.withoutAdapter(() => scorePass(model, pass, true).logProbs);
    const { logProbs, weights } = scorePass(model, pass, false);
    const tokens = { logProbs, weights, signals: policyWeights(pass), reference };
    return tokenLoss(tokens, { objective: plan.objective, klWeight: 0, clip: plan.clip, share }).sums;
  });
}

/** Whether a sample moves anything under these weights. */
function isTaught(sample: Sample, term: Pass["term"], { policy, kl }: TermWeights): boolean {
  return kl > 0 || (policy > 0 && sample.signal[term] !== 0);
}

/** Cuts the samples of a step into passes; samples that move nothing are left out, and the means count them still. */
export function planPasses(samples: readonly Sample[], plan: PassPlan): Pass[] {
  const passes: Pass[] = [];
  const add = (term: Pass["term"], weights: TermWeights, views: number): void => {
    const taught = samples.filter((sample) => isTaught(sample, term, weights));
    const share = 1 / (samples.length * views);
    for (let start = 0; start < taught.length; start += plan.imagesPerPass) {
      const part = taught.slice(start, start + plan.imagesPerPass);
      for (let view = 0; view < views; view++)
        passes.push({ term, view, samples: part, weights, plan, share });
    }
  };
  add("image", plan.image, samples[0]?.views.length ?? 0);
  add("answer", plan.answer, 1);
  return passes;
}
