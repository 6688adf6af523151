/** The straight-through estimator of a discrete choice that is read back through an embedding. */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { defineOp } from "../defineOp.ts";
import { tapedOp } from "../tapedOp.ts";
import { softenChoice, softenedGradient } from "./twin.ts";
import { softenChoiceOnGpu, softenedGradientOnGpu } from "./webgpu.ts";

interface Attributes {
  readonly tau: number;
}

const runSoften = defineOp<
  { readonly logits: tf.Tensor; readonly ids: tf.Tensor; readonly noise?: tf.Tensor },
  Attributes
>({ name: "SoftenChoice", twin: softenChoice, webgpu: softenChoiceOnGpu });

const runGradient = defineOp<Readonly<Record<"probs" | "columns" | "weights" | "dy", tf.Tensor>>, Attributes>(
  { name: "SoftenChoiceGrad", twin: softenedGradient, webgpu: softenedGradientOnGpu },
);

/**
 * Forward: the embedding of the given ids, exactly. Backward, in rows with weight 1: as if the row were
 * softmax((logits + g)/τ)·table, g constant: posterior Gumbel noise in which the ids were the argmax, or 0.
 * Keeps that softmax and nothing else. Source: spec/unirl.md 3.1 (b) with noise, (a) without. Taped in `logits`.
 * @param logits [R, V] @param table [V, D], frozen @param tableTransposed [D, V] @param ids [R], each in [0, V)
 * @param weights [R], 0 where no gradient passes @param tau τ > 0
 * @param noise [R, V] standard Gumbel, borrowed, or null @returns [R, D], owned by the caller
 * @throws EngineError("badInput") when ids or weights are not as many as rows
 */
export function straightThroughEmbedding(
  logits: tf.Tensor2D,
  table: tf.Tensor2D,
  tableTransposed: tf.Tensor2D,
  ids: Int32Array,
  weights: Float32Array,
  tau: number,
  noise: tf.Tensor2D | null = null,
): tf.Tensor2D {
  const [rows] = logits.shape;
  if (ids.length !== rows || weights.length !== rows) {
    const given = `${ids.length} ids and ${weights.length} weights`;
    throw new EngineError("badInput", `${rows} rows of logits need as many ids and weights, not ${given}.`);
  }
  return tapedOp([logits], () => {
    const chosen = tf.tensor1d(ids, "int32");
    return {
      value: tf.gather(table, chosen),
      saved: runSoften({ logits, ids: chosen, ...(noise ? { noise } : {}) }, { tau }),
      backward: (dy, saved) => {
        const [probs] = saved as [tf.Tensor];
        const read = { probs, columns: tableTransposed, weights: tf.tensor1d(weights), dy };
        return runGradient(read, { tau });
      },
    };
  });
}
