/** Scaled dot-product attention in the projections' own layout, with who sees whom given as data. */
import type * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { defineOp } from "../defineOp.ts";
import { keepNamed, tapedOp } from "../tapedOp.ts";
import type { SequenceLayout } from "./sequences.ts";
import { type AttentionInputs, attend, attendGradients } from "./twin.ts";
import { type AttentionVariant, attendGradientsOnGpu, attendOnGpu, canRun, chooseVariant } from "./webgpu.ts";

interface Forward extends AttentionInputs {
  /** The layout's first tensor: ranges for the shaders, or a mask. */
  readonly sight?: tf.Tensor;
  /** Its second. */
  readonly mask?: tf.Tensor;
}

interface Backward extends Forward {
  readonly output: tf.Tensor;
  readonly dy: tf.Tensor;
  /** The shader's log-sum-exp [R, H], or the twin's probabilities [B, H, Q, columns] of the first block. */
  readonly statistics: tf.Tensor;
  /** Those of the second block. */
  readonly more?: tf.Tensor;
}

interface Attributes {
  readonly heads: number;
  readonly layout: SequenceLayout;
  readonly variant: AttentionVariant;
}

/** What a twin is told besides its tensors; ranges are not masks, which are made anew from the blocks. */
function twinCall({ sight, mask }: Forward, { heads, layout: { blocks } }: Attributes) {
  const masks = [sight, mask].flatMap((tensor) => (tensor && tensor.dtype !== "int32" ? tensor : []));
  return { heads, blocks, masks };
}

const runForward = defineOp<Forward, Attributes>({
  name: "OmniAttention",
  twin: (inputs, attributes) => attend(inputs, twinCall(inputs, attributes)),
  canRunOnGpu: ({ q, sight }, { heads }) => canRun(q, heads, sight),
  webgpu: (backend, { q, k, v, sight }, { heads, variant }) =>
    attendOnGpu(backend, { q, k, v, sight: sight as tf.TensorInfo }, heads, variant),
});

const runBackward = defineOp<Backward, Attributes>({
  name: "OmniAttentionGrad",
  twin: ({ statistics, more, ...inputs }, attributes) =>
    attendGradients(inputs, [statistics, ...(more ? [more] : [])], twinCall(inputs, attributes)),
  canRunOnGpu: ({ statistics }) => statistics.shape.length === 2,
  webgpu: (backend, { q, k, v, sight, output, dy, statistics: lse }, { heads }) =>
    attendGradientsOnGpu(backend, { q, k, v, sight: sight as tf.TensorInfo, output, dy, lse }, heads),
});

/** Shaders would read other rows, or beyond the buffer, where stock ops broadcast or refuse. */
function checkShapes(
  { q, k, v }: AttentionInputs,
  heads: number,
  { queryRows, keyRows }: SequenceLayout,
): void {
  const width = q.shape[1] ?? 0;
  const fits =
    q.shape[0] === queryRows && [k, v].every(({ shape }) => shape.join() === [keyRows, width].join());
  if (fits && width % heads === 0) return;
  throw new EngineError(
    "badInput",
    `Attention of ${queryRows} rows to ${keyRows} with ${heads} heads does not fit q [${q.shape}], k [${k.shape}] and v [${v.shape}].`,
  );
}

/**
 * softmax(q·kᵀ/√hd)·v over what each row sees. Taped in q, k and v. Rows that see nothing give 0 and have no gradient.
 *
 * Shaders run it where hd is a multiple of 4 up to 128; stock ops run all else.
 * Source: Vaswani et al., Attention Is All You Need, eq. 1.
 * @param q [R, D], H heads of hd side by side @param k [K, D] @param v [K, D]
 * @param layout of R query rows and K key rows; borrowed until the end of the call
 * @param variant of the shader; the numbers are the same to rounding
 * @returns [R, D], owned by the caller
 * @throws EngineError("badInput") for shapes that do not fit each other
 */
export function omniAttention(
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  v: tf.Tensor2D,
  heads: number,
  layout: SequenceLayout,
  variant: AttentionVariant = chooseVariant(layout.longest),
): tf.Tensor2D {
  checkShapes({ q, k, v }, heads, layout);
  const attributes = { heads, layout, variant };
  return tapedOp([q, k, v], () => {
    const [sight, mask] = layout.tensors;
    const inputs: Forward = { q, k, v, ...(sight ? { sight } : {}), ...(mask ? { mask } : {}) };
    const [output, statistics, more] = runForward(inputs, attributes) as [tf.Tensor2D, tf.Tensor, tf.Tensor?];
    const kept = keepNamed({ ...inputs, output, statistics, ...(more ? { more } : {}) });
    return {
      value: output,
      saved: kept.list,
      backward: (dy, saved) => runBackward({ ...kept.read(saved), dy }, attributes),
    };
  });
}
