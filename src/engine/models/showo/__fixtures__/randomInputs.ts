/** What tests ask of the random Show-o: prompts, images and masks from a seed, and numbers that must agree. */
import { expect } from "vitest";
import { createRng } from "../../../rng.ts";
import { drawPrefix } from "../prompts.ts";
import { randomShowoConfig as config } from "./randomShowo.ts";

/** Prompts of two, no and six words. */
export const randomPrefixes = [
  drawPrefix([4, 5], config),
  drawPrefix([], config),
  drawPrefix([4, 5, 6, 7, 8, 9], config),
];

/** A new image and a new mask with every call. */
export function randomInputs(seed: string) {
  const rng = createRng(seed);
  const N = config.imageTokenCount;
  return {
    randomImage: () => Int32Array.from({ length: N }, () => rng.int(config.codebookSize)),
    randomHidden: () => Uint8Array.from({ length: N }, () => rng.int(2)),
  };
}

/** As many numbers, each as far apart as `tolerance` at most. */
export function expectNumbersClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance = 2e-5,
): void {
  expect(actual.length).toBe(expected.length);
  for (let at = 0; at < expected.length; at++) {
    expect(Math.abs((actual[at] ?? Number.NaN) - (expected[at] ?? Number.NaN))).toBeLessThan(tolerance);
  }
}
