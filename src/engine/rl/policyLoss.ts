/** The losses of scored tokens, GRPO's and SFT's, and their mean over a sample. */
import {
  add,
  cast,
  clipByValue,
  customGrad,
  div,
  exp,
  expandDims,
  greater,
  less,
  logicalOr,
  maximum,
  minimum,
  mul,
  neg,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tidy,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { k3 } from "./kl.ts";

/** The same values, cut off from the tape. @returns owned by the caller */
export function stopGradient(values: Tensor): Tensor {
  const cut = customGrad((...inputs) => {
    const [input] = inputs as [Tensor];
    return { value: input.clone(), gradFunc: (upstream: Tensor) => zerosLike(upstream) };
  });
  return cut(values);
}

/** The pull to the reference: β·k3(l, reference). */
export interface KlPull {
  /** [B, T], or null without a KL term. */
  readonly reference: Tensor2D | null;
  /** β */
  readonly weight: number;
}

/** The policy that drew the samples, and how far its ratio counts. */
export interface OldPolicy {
  /** [B, T] */
  readonly logProbs: Tensor2D;
  readonly low: number;
  readonly high: number;
}

function addKl(loss: Tensor, logProbs: Tensor2D, { reference, weight }: KlPull): Tensor2D {
  if (!reference || weight === 0) return loss as Tensor2D;
  return add(loss, mul(k3(logProbs, reference), weight));
}

/**
 * GRPO's loss of every token: −min(ρ·A, clip(ρ, 1 − low, 1 + high)·A) + β·k3, ρ = exp(l − l_old). In the first update
 * the old policy is the learner itself (`old` null): ρ is 1 in value, its gradient is REINFORCE's −A·∇l, and clipping
 * would never act. Differentiable in `logProbs`. Source: spec/unirl.md 4.2 and 10.4.
 * @param logProbs [B, T] @param advantages [B], weighted @returns [B, T], owned by the caller
 */
export function policyTokenLoss(
  logProbs: Tensor2D,
  advantages: Tensor1D,
  kl: KlPull,
  old: OldPolicy | null = null,
): Tensor2D {
  return tidy(() => {
    const signal = expandDims(advantages, 1);
    const ratio = exp(sub(logProbs, old?.logProbs ?? stopGradient(logProbs)));
    const pushed = mul(ratio, signal);
    const gain = old ? minimum(pushed, mul(clipByValue(ratio, 1 - old.low, 1 + old.high), signal)) : pushed;
    return addKl(neg(gain), logProbs, kl);
  });
}

/**
 * SFT's loss of every token: −c·l + β·k3. Differentiable in `logProbs`. Source: spec/unirl.md 3.2, 3.3.
 * @param logProbs [B, T] @param strengths c [B], weighted @returns [B, T], owned by the caller
 */
export function likelihoodTokenLoss(logProbs: Tensor2D, strengths: Tensor1D, kl: KlPull): Tensor2D {
  return tidy(() => addKl(neg(mul(logProbs, expandDims(strengths, 1))), logProbs, kl));
}

/** 1 where a token's ratio lies outside [1 − low, 1 + high]. Constant. @returns [B, T], owned by the caller */
export function clippedShare(
  logProbs: Tensor2D,
  old: Tensor2D,
  { low, high }: { readonly low: number; readonly high: number },
): Tensor2D {
  return tidy(() => {
    const ratio = exp(sub(stopGradient(logProbs), old));
    return cast(logicalOr(less(ratio, 1 - low), greater(ratio, 1 + high)), "float32") as Tensor2D;
  });
}

/**
 * Mean over the weighted tokens of each sample: Σ_t w·x / Σ_t w; 0 for a sample without tokens.
 * @param values [B, T] @param weights [B, T], 0 or 1 @returns [B], owned by the caller
 */
export function tokenMean(values: Tensor2D, weights: Tensor2D): Tensor1D {
  return tidy(() => div(sum(mul(values, weights), 1), maximum(sum(weights, 1), 1)));
}
