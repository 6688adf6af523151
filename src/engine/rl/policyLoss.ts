/** The policy loss of sampled tokens and its mean over them. */
import {
  add,
  customGrad,
  div,
  exp,
  expandDims,
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

/**
 * Loss of every token: −w·A·exp(l − sg l) + β·k3(l, reference). The ratio is 1 in value, so the gradient is
 * REINFORCE's −w·A·∇l; no old policy is kept and clipping would never act. Differentiable in `logProbs`.
 * Source: spec/unirl.md 4.2.
 * @param logProbs [B, T] @param reference [B, T], or null without a KL term
 * @param policyWeights [B]: w·A of each sample @param klWeight β
 * @returns [B, T], owned by the caller
 */
export function policyTokenLoss(
  logProbs: Tensor2D,
  reference: Tensor2D | null,
  policyWeights: Tensor1D,
  klWeight: number,
): Tensor2D {
  return tidy(() => {
    const ratio = exp(sub(logProbs, stopGradient(logProbs)));
    const policy = neg(mul(ratio, expandDims(policyWeights, 1)));
    if (!reference || klWeight === 0) return policy as Tensor2D;
    return add(policy, mul(k3(logProbs, reference), klWeight));
  });
}

/**
 * Mean over the weighted tokens of each sample: Σ_t w·x / Σ_t w.
 * @param values [B, T] @param weights [B, T], each row with a positive sum @returns [B], owned by the caller
 */
export function tokenMean(values: Tensor2D, weights: Tensor2D): Tensor1D {
  return tidy(() => div(sum(mul(values, weights), 1), sum(weights, 1)));
}
