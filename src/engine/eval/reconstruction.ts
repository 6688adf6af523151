/** How much of a picture survives the image tokenizer: encode, decode, compare. */
import type { ImageU8, UnifiedModel } from "../models/unified.ts";
import { createRng } from "../rng.ts";
import { type EvalProgress, mapBatches } from "./batches.ts";
import { type Estimate, estimateMean } from "./interval.ts";

/** Half the range of a byte: turns differences of bytes into differences on [−1, 1]. */
const HALF_RANGE = 127.5;

export interface ReconstructionReport {
  /** Mean absolute error per channel on [−1, 1]; the interval resamples images. */
  readonly meanAbsoluteError: Estimate;
  /** The decoded images, in order. */
  readonly decoded: readonly ImageU8[];
}

/** Mean absolute difference of two images of one size, on [−1, 1]. */
export function imageDistance(a: ImageU8, b: ImageU8): number {
  let sum = 0;
  for (let at = 0; at < a.rgb.length; at++) sum += Math.abs((a.rgb[at] ?? 0) - (b.rgb[at] ?? 0));
  return sum / HALF_RANGE / a.rgb.length;
}

/**
 * Sends images through the tokenizer and back.
 * @throws EngineError("cancelled")
 */
export async function evaluateReconstruction(
  model: UnifiedModel,
  images: readonly ImageU8[],
  seed: number,
  progress: EvalProgress = {},
): Promise<ReconstructionReport> {
  const decoded = await mapBatches(images, progress, async (batch) => {
    return model.decodeImages(await model.encodeImages(batch));
  });
  const errors = images.map((image, at) => imageDistance(image, decoded[at] ?? image));
  return {
    meanAbsoluteError: estimateMean(errors, createRng(seed, "reconstructionInterval")),
    decoded,
  };
}
