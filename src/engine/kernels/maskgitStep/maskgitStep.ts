/**
 * MaskGIT decoding that stays on the device: a step from logits to the next step's codes, and codes to token ids. All
 * random numbers come in as tensors, and nothing is read back.
 */
import type * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { defineOp } from "../defineOp.ts";
import { type ImageIds, imageIdsTwin, maskgitTwin, type StepInputs, type StepNumbers } from "./twin.ts";
import { imageIdsOnGpu, maskgitStepOnGpu } from "./webgpu.ts";

const runStep = defineOp<StepInputs, StepNumbers>({
  name: "MaskgitStep",
  twin: maskgitTwin,
  webgpu: maskgitStepOnGpu,
});

/** B images of N codes out of K being decoded; int32. */
export interface MaskgitState {
  /** [B, N], −1 where hidden. */
  readonly codes: tf.Tensor2D;
  /** [B], 1 once a hidden position's logits gave no distribution. Read it with the finished image. */
  readonly faults: tf.Tensor1D;
}

/** A step's random numbers; both [B, N]. */
export interface MaskgitNoise {
  /** In [0, 1): each draws one code by inverting the cumulative sum. */
  readonly uniforms: tf.Tensor2D;
  /** Standard Gumbel numbers on the confidences. */
  readonly gumbel: tf.Tensor2D;
}

/**
 * One decoding step: draws every hidden position, then hides the least certain again, at least one. Not taped.
 *
 * A code's score is its log-probability + τ · Gumbel; codes decided before score the log of the largest f32 instead. The
 * next step hides those strictly below the score at rank max(1, min(hidden now − 1, scheduledHidden)).
 * Sums are f32: a draw may differ from one in f64 where the uniform lies within rounding of a border between two codes.
 * Where logits hold NaN, +∞ or only −∞, `faults` becomes 1 and the position stays −1, also in `sampled`.
 * Source: Chang et al., arXiv 2202.04200, with the quirks of models/showo/maskgit.ts.
 * @param logits [B, N, K], guidance applied; only rows of hidden positions are looked at
 * @param numbers τ of this step, and the schedule's count of hidden codes
 * @returns the next step's state, and sampled int32 [B, N]: kept codes and this step's draws; owned by the caller
 * @throws EngineError("badInput") when shapes do not fit together
 */
export function maskgitStep(
  logits: tf.Tensor3D,
  { codes, faults }: MaskgitState,
  { uniforms, gumbel }: MaskgitNoise,
  numbers: StepNumbers,
): { state: MaskgitState; sampled: tf.Tensor2D } {
  const [images, tokens] = logits.shape;
  const fits = [codes, uniforms, gumbel].every(({ shape }) => shape[0] === images && shape[1] === tokens);
  if (!fits || faults.shape[0] !== images) {
    throw new EngineError(
      "badInput",
      "Logits, codes and noise of a decoding step must be of the same images.",
    );
  }
  const outputs = runStep({ logits, codes, uniforms, gumbel, faults }, numbers);
  const [next, sampled, nextFaults] = outputs as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
  return { state: { codes: next, faults: nextFaults }, sampled };
}

const runIds = defineOp<{ readonly codes: tf.Tensor }, ImageIds>({
  name: "CodeIds",
  twin: ({ codes }, ids) => [imageIdsTwin(codes, ids)],
  webgpu: (backend, { codes }, ids) => [imageIdsOnGpu(backend, codes, ids)],
});

/**
 * Token ids of images between their markers: code + offset, or the mask's id where the code is hidden (negative).
 * @param codes int32 [B, N] @returns int32 [B, N + 2], owned by the caller
 */
export function toImageIds(codes: tf.Tensor2D, ids: ImageIds): tf.Tensor2D {
  return runIds({ codes }, ids)[0] as tf.Tensor2D;
}
