/** Group norm over the channels of images. Forward only: the image tokenizers that use it are frozen. */
import type * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { defineOp } from "../defineOp.ts";
import { type GroupNormInputs, type GroupNormSettings, groupNormTwin } from "./twin.ts";
import { groupNormOnGpu, MAX_GROUPS } from "./webgpu.ts";

const run = defineOp<GroupNormInputs, GroupNormSettings>({
  name: "GroupNormSwish",
  twin: groupNormTwin,
  canRunOnGpu: ({ x }, { groups }) => groups <= MAX_GROUPS && x.shape.every((side) => side > 0),
  webgpu: groupNormOnGpu,
});

/** Scale and shift, and how channels are grouped. */
export interface GroupNorm {
  /** [C] */
  readonly weight: tf.Tensor1D;
  /** [C] */
  readonly bias: tf.Tensor1D;
  /** G, divides C. */
  readonly groups: number;
  readonly epsilon: number;
}

function normalise(x: tf.Tensor4D, norm: GroupNorm, hasSwish: boolean): tf.Tensor4D {
  const { weight, bias, groups, epsilon } = norm;
  const channels = x.shape[3];
  if (channels % groups !== 0) {
    throw new EngineError("badInput", `${channels} channels do not fall into ${groups} equal groups.`);
  }
  return run({ x, weight, bias }, { groups, epsilon, hasSwish })[0] as tf.Tensor4D;
}

/**
 * y = (x − mean) / √(var + ε) · weight + bias; mean and population variance over positions and the channels of a group.
 * Not taped. Source: Wu & He, arXiv 1803.08494.
 * @param x [B, H, W, C] @returns [B, H, W, C], owned by the caller @throws EngineError("badInput") when G does not divide C
 */
export function groupNorm(x: tf.Tensor4D, norm: GroupNorm): tf.Tensor4D {
  return normalise(x, norm, false);
}

/** `groupNorm`, then y · sigmoid(y). @throws EngineError("badInput") when G does not divide C */
export function groupNormSwish(x: tf.Tensor4D, norm: GroupNorm): tf.Tensor4D {
  return normalise(x, norm, true);
}
