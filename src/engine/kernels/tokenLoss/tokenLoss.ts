/** The loss of scored tokens in one op: policy or likelihood term, pull to the reference, means over samples. */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { defineOp } from "../defineOp.ts";
import { tapedOps } from "../tapedOp.ts";
import { type ScoredTokens, type TokenLossOptions, tokenLossTwin } from "./twin.ts";
import { canRun, tokenLossOnGpu } from "./webgpu.ts";

export type { ClipRange, ScoredTokens, TokenLossOptions } from "./twin.ts";

const run = defineOp<ScoredTokens, TokenLossOptions>({
  name: "TokenLoss",
  twin: tokenLossTwin,
  canRunOnGpu: canRun,
  webgpu: tokenLossOnGpu,
});

function checkShapes({ logProbs, weights, signals, reference, old }: ScoredTokens): void {
  const tokens = [weights, reference ?? logProbs, old ?? logProbs];
  const fits = tokens.every(({ shape }) => shape.join() === logProbs.shape.join());
  if (fits && signals.shape.join() === `${logProbs.shape[0]}`) return;
  throw new EngineError(
    "badInput",
    `Tokens [${logProbs.shape}] need weights, signals and log-probs of their own.`,
  );
}

/**
 * share · Σ over samples of the mean over a sample's tokens of its losses (see `twin.ts` for each formula):
 *
 *   GRPO  −min(ρ·A, clipped ρ·A) + β·k3        SFT  −c·l + β·k3
 *
 * @returns loss [], taped in the log-probs; sums [4] of the same means of loss, k3, l and clipped tokens, constant;
 *   both owned by the caller
 * @throws EngineError("badInput") when shapes do not belong together
 */
export function tokenLoss(
  tokens: ScoredTokens,
  options: TokenLossOptions,
): { readonly loss: tf.Scalar; readonly sums: tf.Tensor1D } {
  checkShapes(tokens);
  const [loss, sums] = tapedOps([tokens.logProbs], () => {
    const [value, totals, slopes] = run(tokens, options) as [tf.Tensor, tf.Tensor, tf.Tensor];
    return {
      values: [value, totals],
      saved: [slopes],
      backward: ([upstream], [kept]) => [tf.mul(kept as tf.Tensor, upstream as tf.Tensor)],
    };
  });
  return { loss: loss as tf.Scalar, sums: sums as tf.Tensor1D };
}
