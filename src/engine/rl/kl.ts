/** The KL estimate of one sampled token. */
import { exp, sub, type Tensor, tidy } from "@tensorflow/tfjs-core";

/**
 * k3 = exp(ref − l) − (ref − l) − 1: unbiased for KL(policy ‖ reference) on the policy's own samples, never negative,
 * 0 where both agree. Differentiable in `logProbs`.
 * Source: Schulman, "Approximating KL divergence" (k3); spec/unirl.md 4.2.
 * @param logProbs natural log-probs, any shape @param reference same shape @returns same shape, owned by the caller
 */
export function k3(logProbs: Tensor, reference: Tensor): Tensor {
  return tidy(() => {
    const difference = sub(reference, logProbs);
    return sub(sub(exp(difference), difference), 1);
  });
}
