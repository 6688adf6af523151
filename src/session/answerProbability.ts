import type { Answer } from "../engine/index.ts";

/** Probability of the whole answer at temperature 1. */
export function answerProbability({ logProbs }: Pick<Answer, "logProbs">): number {
  return Math.exp(logProbs.reduce((sum, logProb) => sum + logProb, 0));
}
