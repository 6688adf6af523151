/**
 * How a finished image is shown to the model while its tokens are scored: which are hidden, and which of those count.
 * Two estimators of an image's log-prob: hiding it again at random, or replaying the sampler's own states.
 */
import type { Rng } from "../rng.ts";

/** [N] each, 1 where it holds. What is scored is hidden. */
export interface ImageView {
  readonly hidden: Uint8Array;
  readonly scored: Uint8Array;
}

/** Leaves a token visible now and then even in the last draw, as the sampler's states do. */
const MAX_RATIO = 0.999;

/** r_k = min(r0 + (1 − r0)·(k + 1)/K, .999): later draws hide more. @param draw k in 0..draws−1 */
export function remaskRatio(draw: number, draws: number, minRatio: number): number {
  return Math.min(minRatio + ((1 - minRatio) * (draw + 1)) / draws, MAX_RATIO);
}

/** Each token hidden with probability `ratio`, at least one hidden. Draws from `rng`. @returns [N], 1 where hidden */
export function drawHiddenMask(tokenCount: number, ratio: number, rng: Rng): Uint8Array {
  const hidden = Uint8Array.from(rng.uniforms(tokenCount), (uniform) => (uniform < ratio ? 1 : 0));
  if (!hidden.includes(1)) hidden[rng.int(tokenCount)] = 1;
  return hidden;
}

/** K masks of N tokens, the k-th at `remaskRatio(k)`. Draws from `rng`. @returns [K][N], 1 where hidden */
export function drawHiddenMasks(tokenCount: number, draws: number, minRatio: number, rng: Rng): Uint8Array[] {
  return Array.from({ length: draws }, (_, draw) =>
    drawHiddenMask(tokenCount, remaskRatio(draw, draws, minRatio), rng),
  );
}

/**
 * The image hidden again K times at random; every hidden token counts.
 * Source: MaskGRPO as described in spec/unirl.md 8.1 and 10.2 (`imgLogps`). @returns [K]
 */
export function drawRemaskViews(tokenCount: number, draws: number, minRatio: number, rng: Rng): ImageView[] {
  return drawHiddenMasks(tokenCount, draws, minRatio, rng).map((hidden) => ({ hidden, scored: hidden }));
}

/**
 * The sampler's states: at step t everything undecided before it is hidden, and the tokens decided by it count.
 * Source: Mask-GRPO, candidate 2, as described in spec/unirl.md 8.1.
 * @param decidedAt [N] step in which each token was decided @returns [T], every one with a token that counts
 */
export function replayViews(decidedAt: Uint8Array, steps: number): ImageView[] {
  return Array.from({ length: steps }, (_, step) => ({
    hidden: decidedAt.map((at) => (at >= step ? 1 : 0)),
    scored: decidedAt.map((at) => (at === step ? 1 : 0)),
  }));
}
