/** Scaled dot-product attention in the projections' own layout, the mask given as data. */
import type * as tf from "@tensorflow/tfjs-core";
import { defineOp } from "../defineOp.ts";
import { tapedOp } from "../tapedOp.ts";
import { attend, attendGradients } from "./twin.ts";
import { attendGradientsOnGpu, attendOnGpu, canRun } from "./webgpu.ts";

interface Forward {
  readonly q: tf.Tensor;
  readonly k: tf.Tensor;
  readonly v: tf.Tensor;
  readonly mask?: tf.Tensor;
}

interface Backward extends Forward {
  readonly output: tf.Tensor;
  /** The twin's probabilities [B, H, Q, K] or the shader's log-sum-exp [B, H, Q]; its rank says which. */
  readonly statistics: tf.Tensor;
  readonly dy: tf.Tensor;
}

const runForward = defineOp<Forward>({
  name: "OmniAttention",
  twin: ({ q, k, v, mask }) => attend(q, k, v, mask),
  canRunOnGpu: ({ q, mask }) => canRun(q, mask),
  webgpu: (backend, inputs) => attendOnGpu(backend, inputs),
});

const runBackward = defineOp<Backward>({
  name: "OmniAttentionGrad",
  twin: ({ statistics, ...inputs }) => attendGradients(inputs, statistics),
  canRunOnGpu: ({ statistics }) => statistics.shape.length === 3,
  webgpu: (backend, inputs) => attendGradientsOnGpu(backend, inputs),
});

/**
 * softmax(q·kᵀ/√hd + mask)·v. Taped in q, k and v.
 * @param q [B, Q, H, hd] @param k [B, K, H, hd] @param v [B, K, H, hd]
 * @param mask as `attentionMask` makes it; null: all pairs see each other. Must live until the backward pass.
 * @returns [B, Q, H, hd], owned by the caller
 */
export function omniAttention(
  q: tf.Tensor4D,
  k: tf.Tensor4D,
  v: tf.Tensor4D,
  mask: tf.Tensor | null,
): tf.Tensor4D {
  return tapedOp([q, k, v], () => {
    const seen = mask ? { mask } : {};
    const [output, statistics] = runForward({ q, k, v, ...seen }, {}) as [tf.Tensor4D, tf.Tensor];
    return {
      value: output,
      saved: [q, k, v, output, statistics, ...(mask ? [mask] : [])],
      backward: (dy, saved) => {
        const [savedQ, savedK, savedV, savedOutput, savedStatistics, savedMask] = saved as [
          ...[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor],
          tf.Tensor?,
        ];
        const read = { q: savedQ, k: savedK, v: savedV, ...(savedMask ? { mask: savedMask } : {}) };
        return runBackward({ ...read, output: savedOutput, statistics: savedStatistics, dy }, {});
      },
    };
  });
}
