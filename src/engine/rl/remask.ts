/**
 * Which tokens of a finished image are hidden again, to measure how likely the model finds them.
 * Source: MaskGRPO as described in spec/unirl.md 8.1 and 10.2 (`imgLogps`).
 */
import type { Rng } from "../rng.ts";

/** Leaves a token visible now and then even in the last draw, as the sampler's states do. */
const MAX_RATIO = 0.999;

/** r_k = min(r0 + (1 − r0)·(k + 1)/K, .999): later draws hide more. @param draw k in 0..draws−1 */
export function remaskRatio(draw: number, draws: number, minRatio: number): number {
  return Math.min(minRatio + ((1 - minRatio) * (draw + 1)) / draws, MAX_RATIO);
}

/**
 * K masks of N tokens, each token hidden with probability r_k, at least one hidden. Draws from `rng`.
 * @returns [K][N], 1 where hidden
 */
export function drawHiddenMasks(tokenCount: number, draws: number, minRatio: number, rng: Rng): Uint8Array[] {
  return Array.from({ length: draws }, (_, draw) => {
    const ratio = remaskRatio(draw, draws, minRatio);
    const hidden = Uint8Array.from(rng.uniforms(tokenCount), (uniform) => (uniform < ratio ? 1 : 0));
    if (!hidden.includes(1)) hidden[rng.int(tokenCount)] = 1;
    return hidden;
  });
}
