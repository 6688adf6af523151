/** The learning rate over the first updates of a run. */

/** Updates over which the rate rises: AdamW's second moment is too noisy before. */
export const WARM_UP_UPDATES = 5;

/**
 * Linear warm-up, then constant: rate · min(1, update / WARM_UP_UPDATES).
 * @param update 1 for the first update
 */
export function warmUp(learningRate: number, update: number): number {
  return learningRate * Math.min(1, update / WARM_UP_UPDATES);
}
