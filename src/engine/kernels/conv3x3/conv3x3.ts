/** 3×3 convolution with stride 1, one zero on each side, and bias. Forward only: its users are frozen. */
import type * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { defineOp } from "../defineOp.ts";
import { type ConvInputs, convTwin } from "./twin.ts";
import { convOnGpu } from "./webgpu.ts";

const run = defineOp<ConvInputs>({
  name: "Conv3x3",
  twin: convTwin,
  // Channels are read and written by fours; the first and the last layer have three and keep tfjs's kernel.
  canRunOnGpu: ({ filter }) => filter.shape.slice(2).every((channels) => channels > 0 && channels % 4 === 0),
  webgpu: convOnGpu,
});

/**
 * Cross-correlation of images with a 3×3 filter, "same" size, plus bias. Not taped.
 * @param x [B, H, W, I] @param filter [3, 3, I, O] @param bias [O] @returns [B, H, W, O], owned by the caller
 * @throws EngineError("badInput") when the filter is not 3×3 or does not fit the channels
 */
export function conv3x3(x: tf.Tensor4D, filter: tf.Tensor4D, bias: tf.Tensor1D): tf.Tensor4D {
  const [height, width, from, to] = filter.shape;
  if (height !== 3 || width !== 3 || from !== x.shape[3] || to !== bias.shape[0]) {
    throw new EngineError(
      "badInput",
      `A filter of [${filter.shape.join(", ")}] does not fit ${x.shape[3]} channels and a bias of ${bias.shape[0]}.`,
    );
  }
  return run({ x, filter, bias }, {})[0] as tf.Tensor4D;
}
