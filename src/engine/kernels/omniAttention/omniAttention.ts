/** Scaled dot-product attention in the projections' own layout, the mask given as data. */
import type * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { defineOp } from "../defineOp.ts";
import { tapedOp } from "../tapedOp.ts";
import { attend, attendGradients } from "./twin.ts";
import { type AttentionVariant, attendGradientsOnGpu, attendOnGpu, canRun, chooseVariant } from "./webgpu.ts";

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

const runForward = defineOp<Forward, { readonly variant: AttentionVariant }>({
  name: "OmniAttention",
  twin: ({ q, k, v, mask }) => attend(q, k, v, mask),
  canRunOnGpu: ({ q, mask }) => canRun(q, mask),
  webgpu: (backend, inputs, { variant }) => attendOnGpu(backend, inputs, variant),
});

const runBackward = defineOp<Backward>({
  name: "OmniAttentionGrad",
  twin: ({ statistics, ...inputs }) => attendGradients(inputs, statistics),
  canRunOnGpu: ({ statistics }) => statistics.shape.length === 3,
  webgpu: (backend, inputs) => attendGradientsOnGpu(backend, inputs),
});

/** Shaders would read other rows, or beyond the buffer, where stock ops broadcast or refuse. */
function checkShapes(q: tf.Tensor4D, k: tf.Tensor4D, v: tf.Tensor4D, mask: tf.Tensor | null): void {
  const [batch, queries, heads, headSize] = q.shape;
  const wanted = [batch, k.shape[1], heads, headSize].join();
  if (k.shape.join() !== wanted || v.shape.join() !== wanted) {
    throw new EngineError(
      "badInput",
      `Queries [${q.shape}] need keys and values of [${wanted}], not [${k.shape}] and [${v.shape}].`,
    );
  }
  if (mask?.dtype !== "int32") return;
  const [sequences, rows = 0, ends] = mask.shape;
  if (sequences !== batch || (rows !== 1 && rows !== queries) || ends !== 2) {
    throw new EngineError(
      "badInput",
      `Queries [${q.shape}] need ranges of [${batch},${queries},2] or [${batch},1,2], not [${mask.shape}].`,
    );
  }
}

/**
 * softmax(q·kᵀ/√hd + mask)·v. Taped in q, k and v. Rows that see nothing give 0 and have no gradient.
 *
 * Shaders run it where hd is a multiple of 4 up to 128 and the mask is ranges or null; stock ops run all else.
 * Source: Vaswani et al., Attention Is All You Need, eq. 1.
 * @param q [B, Q, H, hd] @param k [B, K, H, hd] @param v [B, K, H, hd]
 * @param mask as `attentionMask` makes it; null: all pairs see each other. Any int32 [B, Q or 1, 2] of
 *   ranges or float32 table broadcast to [B, H, Q, K] works on every backend.
 * @param variant of the shader; the numbers are the same to rounding
 * @returns [B, Q, H, hd], owned by the caller
 * @throws EngineError("badInput") for shapes that do not fit each other
 */
export function omniAttention(
  q: tf.Tensor4D,
  k: tf.Tensor4D,
  v: tf.Tensor4D,
  mask: tf.Tensor | null,
  variant: AttentionVariant = chooseVariant(q.shape[1]),
): tf.Tensor4D {
  checkShapes(q, k, v, mask);
  return tapedOp([q, k, v], () => {
    const seen = mask ? { mask } : {};
    const [output, statistics] = runForward({ q, k, v, ...seen }, { variant }) as [tf.Tensor4D, tf.Tensor];
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
