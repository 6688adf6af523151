/** Numbers of the stops that no part of the engine computes for the page. Pure. */

/**
 * p_T = p^(1/T) / (p^(1/T) + (1 − p)^(1/T)): an answer against everything else as one other answer, at a temperature.
 * The run applies T to each token; of its choices only the answer's own probability is known here.
 * @param probability in [0, 1], at temperature 1 @param temperature above 0
 */
export function temper(probability: number, temperature: number): number {
  const logOdds = Math.log(probability) - Math.log1p(-probability);
  return 1 / (1 + Math.exp(-logOdds / temperature));
}

/** State of each token of an image after a decoding step: hidden, decided before, or decided since the last look. */
export type TokenState = "hidden" | "decided" | "new";

/** @param decidedAt [N], see `Decoding` @param after, before the decoding steps looked at now and last @returns [N] */
export function tokenStates(decidedAt: Uint8Array, after: number, before: number): TokenState[] {
  return Array.from(decidedAt, (step) => {
    if (step === 0 || step > after) return "hidden";
    return step > before ? "new" : "decided";
  });
}

/** How many answers a gate lets teach. Source: `answerGate` of the run's configuration. */
export function countTeaching(rewards: readonly number[], gate: number): number {
  return rewards.filter((reward) => reward >= gate).length;
}
