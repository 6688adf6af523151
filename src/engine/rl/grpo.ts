/**
 * The GRPO loss of one pass (a few images, one re-masking or their answers) and its gradient. A step's gradient is the
 * sum over its passes, so that only one pass' tape is alive at a time.
 * Source: spec/unirl.md 10.4, decoupled: `w_t2i·Limg + w_mmu·Lmmu`, each KL weighted by its own β.
 * Differs: β is not multiplied by w, and the answer gate takes away the policy part only, so the KL of the answers
 * holds understanding in place even where answers teach nothing.
 */
import {
  keep,
  mul,
  type NamedTensorMap,
  type Scalar,
  scalar,
  stack,
  sum,
  type Tensor1D,
  type Tensor2D,
  tensor1d,
  tensor2d,
  tidy,
  variableGrads,
} from "@tensorflow/tfjs-core";
import type { ImageCodes, UnifiedModel } from "../models/unified.ts";
import { k3 } from "./kl.ts";
import { policyTokenLoss, tokenMean } from "./policyLoss.ts";

/** One image and its answer, ready to learn from. */
export interface Sample {
  readonly prompt: string;
  readonly question: string;
  readonly codes: ImageCodes;
  /** Tokens as sampled. */
  readonly answer: Int32Array;
  readonly advantage: number;
  /** Whether its answer passed the answer gate. */
  readonly teachesAnswer: boolean;
  /** Re-maskings [K][N], 1 where hidden. */
  readonly masks: readonly Uint8Array[];
}

export interface TermWeights {
  /** w of the policy part. */
  readonly policy: number;
  /** β of the KL part; 0 spares the reference pass. */
  readonly kl: number;
}

/** One forward and backward pass: an image term under re-masking `draw`, or an answer term. */
export interface Pass {
  readonly term: "image" | "answer";
  /** k, for the image term. */
  readonly draw: number;
  readonly samples: readonly Sample[];
  readonly weights: TermWeights;
  /** Factor that makes the passes of a term add up to a mean: 1 / (images · draws). */
  readonly share: number;
}

/** Columns of `PassResult.sums`. */
export const PASS_SUMS = ["loss", "kl", "logProb"] as const;

export interface PassResult {
  /** By `Variable.name`, owned by the caller. */
  readonly gradients: NamedTensorMap;
  /** [3], see PASS_SUMS: this pass' contributions to the term's mean loss, k3 and log-prob. Owned by the caller. */
  readonly sums: Tensor1D;
}

interface TokenScores {
  readonly logProbs: Tensor2D;
  readonly weights: Tensor2D;
}

/** Log-probs and weights [B, T] of what a pass scores. Taped. */
function scorePass(model: UnifiedModel, { term, draw, samples }: Pass): TokenScores {
  const images = samples.map(({ codes }) => codes);
  if (term === "answer") {
    const scores = model.answerLogProbs({
      images,
      questions: samples.map(({ question }) => question),
      answers: samples.map(({ answer }) => answer),
    });
    return { logProbs: scores.logProbs as Tensor2D, weights: scores.weights as Tensor2D };
  }
  const hidden = samples.map(({ masks }) => masks[draw] ?? new Uint8Array(model.imageTokenCount));
  const prompts = samples.map(({ prompt }) => prompt);
  const logProbs = model.imageLogProbs({ prompts, images, hidden }) as Tensor2D;
  return { logProbs, weights: tensor2d(hidden.map((mask) => Array.from(mask))) };
}

/** w·A of each sample; 0 for answers that did not pass the gate. @returns [B] */
function policyWeights({ term, samples, weights }: Pass): Tensor1D {
  return tensor1d(
    samples.map(({ advantage, teachesAnswer }) =>
      term === "image" || teachesAnswer ? weights.policy * advantage : 0,
    ),
  );
}

/**
 * Gradient of one pass over the adapter's variables. Synchronous; changes nothing.
 * The same hidden masks serve policy and reference, so equal weights give a KL of exactly 0.
 */
export function computePass(model: UnifiedModel, pass: Pass): PassResult {
  const variables = model.adapterVariables().map(({ variable }) => variable);
  const reference =
    pass.weights.kl > 0 ? tidy(() => model.withoutAdapter(() => scorePass(model, pass).logProbs)) : null;
  let sums: Tensor1D | undefined;
  const { value, grads } = variableGrads(() => {
    const { logProbs, weights } = scorePass(model, pass);
    const perToken = policyTokenLoss(logProbs, reference, policyWeights(pass), pass.weights.kl);
    const share = (perTokenValues: Tensor2D): Scalar =>
      mul(sum(tokenMean(perTokenValues, weights)), pass.share);
    const loss = share(perToken);
    const kl = reference ? share(k3(logProbs, reference) as Tensor2D) : scalar(0);
    sums = keep(stack([loss, kl, share(logProbs)]) as Tensor1D);
    return loss;
  }, variables);
  value.dispose();
  reference?.dispose();
  return { gradients: grads, sums: sums ?? tensor1d([0, 0, 0]) };
}

/** What decides how a step's samples are cut into passes. */
export interface PassPlan {
  readonly image: TermWeights;
  readonly answer: TermWeights;
  /** K */
  readonly draws: number;
  readonly imagesPerPass: number;
}

/** Cuts the samples of a step into passes; a term whose two weights are 0 is left out. */
export function planPasses(samples: readonly Sample[], plan: PassPlan): Pass[] {
  const isUsed = ({ policy, kl }: TermWeights): boolean => policy > 0 || kl > 0;
  const passes: Pass[] = [];
  for (let start = 0; start < samples.length; start += plan.imagesPerPass) {
    const part = samples.slice(start, start + plan.imagesPerPass);
    const imageShare = 1 / (samples.length * plan.draws);
    for (let draw = 0; isUsed(plan.image) && draw < plan.draws; draw++) {
      passes.push({ term: "image", draw, samples: part, weights: plan.image, share: imageShare });
    }
    if (isUsed(plan.answer)) {
      passes.push({
        term: "answer",
        draw: 0,
        samples: part,
        weights: plan.answer,
        share: 1 / samples.length,
      });
    }
  }
  return passes;
}
