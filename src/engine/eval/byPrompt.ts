/** Measurements of images, averaged so that the images of one prompt count as what they are: not independent. */
import type { Rng } from "../rng.ts";
import { type Estimate, estimateMean } from "./interval.ts";

/** The images of each prompt together, prompts in order of first appearance. */
export function groupByPrompt<T extends { readonly promptIndex: number }>(images: readonly T[]): T[][] {
  const groups = new Map<number, T[]>();
  for (const image of images) {
    const group = groups.get(image.promptIndex);
    if (group) group.push(image);
    else groups.set(image.promptIndex, [image]);
  }
  return [...groups.values()];
}

/**
 * Mean over prompts of the mean value of a prompt's images; the interval resamples prompts.
 * @param rng draws the resamples
 */
export function estimateByPrompt<T extends { readonly promptIndex: number }>(
  images: readonly T[],
  measure: (image: T) => number,
  rng: Rng,
): Estimate {
  const means = groupByPrompt(images).map((group) => {
    return group.reduce((sum, image) => sum + measure(image), 0) / group.length;
  });
  return estimateMean(means, rng);
}
