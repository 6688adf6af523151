/** What attention does to queries and keys between projection and scores: a norm of each head, then rotation. */
import type * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { defineOp } from "../defineOp.ts";
import type { NormWeights } from "../rowNorm/rowNorm.ts";
import { tapedOp } from "../tapedOp.ts";
import type { Rotary } from "./rotary.ts";
import { type HeadInputs, turnHeadGradients, turnHeads } from "./twin.ts";
import { type HeadAttributes, turnHeadGradientsOnGpu, turnHeadsOnGpu } from "./webgpu.ts";

interface Backward {
  readonly dy: tf.Tensor;
  readonly cos: tf.Tensor;
  readonly sin: tf.Tensor;
  readonly turnBack: tf.Tensor;
  readonly weight?: tf.Tensor;
  /** What the shader keeps where heads are normalised: x. */
  readonly x?: tf.Tensor;
  /** What the twin keeps. */
  readonly xHat?: tf.Tensor;
  readonly inverse?: tf.Tensor;
}

interface Attributes extends HeadAttributes {
  readonly isTrainable: boolean;
}

const runForward = defineOp<HeadInputs, Attributes>({
  name: "HeadRotary",
  twin: turnHeads,
  canRunOnGpu: (_, { isTrainable }) => !isTrainable,
  webgpu: turnHeadsOnGpu,
});

const runBackward = defineOp<Backward, Attributes>({
  name: "HeadRotaryGrad",
  twin: turnHeadGradients,
  canRunOnGpu: ({ weight, x }) => weight === undefined || x !== undefined,
  webgpu: turnHeadGradientsOnGpu,
});

/**
 * Layer norm of each head (where there are weights), then its rotation by the row's position. Taped.
 * @param x [B·L, H·hd], L rows for each of B sequences @param rotary tables of the L positions
 * @param norm weights of width hd, or null @returns [B·L, H·hd], owned by the caller
 * @throws EngineError("badInput") for norm weights without a bias
 */
export function rotateHeads(x: tf.Tensor2D, rotary: Rotary, norm: NormWeights | null): tf.Tensor2D {
  if (norm && !norm.bias) {
    throw new EngineError("badInput", "The norm of heads is a layer norm: its weights need a bias.");
  }
  const { cos, sin, turn, turnBack, half } = rotary;
  const { weight, bias, epsilon = 0, isTrainable = false } = norm ?? {};
  const attributes = { heads: x.shape[1] / cos.shape[2], half, epsilon, isTrainable };
  const weights = weight && bias ? { weight, bias } : {};
  return tapedOp([x, ...(isTrainable ? Object.values(weights) : [])], () => {
    const [value, ...kept] = runForward({ x, cos, sin, turn, ...weights }, attributes);
    const isTwins = kept.length === 2;
    return {
      value: value as tf.Tensor2D,
      // The tables may be gone by the time of the backward pass, so they are kept too.
      saved: [cos, sin, turnBack, ...(isTwins ? kept : weight ? [x] : [])],
      backward: (dy, saved) => {
        const [savedCos, savedSin, savedBack, first, second] = saved as [
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
          ...tf.Tensor[],
        ];
        const tables = { dy, cos: savedCos, sin: savedSin, turnBack: savedBack };
        if (!first || !weight) return runBackward(tables, attributes);
        const rows = second ? { xHat: first, inverse: second } : { x: first };
        return runBackward({ ...tables, weight, ...rows }, attributes);
      },
    };
  });
}
