/** The straight-through estimator of a discrete choice that is read back through an embedding. */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { defineOp } from "../defineOp.ts";
import { embeddingRows } from "../embeddingRows/embeddingRows.ts";
import { PackedWeight } from "../quantMatMul/packedWeight.ts";
import { describeWeight, type WeightInputs } from "../quantMatMul/quantMatMul.ts";
import type { TileMatrix } from "../rowTile.ts";
import { tapedOp } from "../tapedOp.ts";
import { type SoftenedInputs, softenChoice, softenedGradient } from "./twin.ts";
import { softenChoiceOnGpu, softenedGradientOnGpu } from "./webgpu.ts";

/** A frozen embedding table: packed, or f32 with its transpose beside it. */
export type CodeTable = PackedWeight | { readonly rows: tf.Tensor2D; readonly columns: tf.Tensor2D };

const runSoften = defineOp<
  { readonly logits: tf.Tensor; readonly ids: tf.Tensor; readonly noise?: tf.Tensor },
  { readonly tau: number }
>({ name: "SoftenChoice", twin: softenChoice, webgpu: softenChoiceOnGpu });

const runGradient = defineOp<
  SoftenedInputs,
  TileMatrix & { readonly tau: number; readonly dense: () => tf.Tensor }
>({ name: "SoftenChoiceGrad", twin: softenedGradient, webgpu: softenedGradientOnGpu });

/** The table's transpose as the gradient reads it: as the weight of a layer from D to V. */
function describeTable(table: CodeTable) {
  const { inputs, sizes, forms } = describeWeight(table instanceof PackedWeight ? table : table.columns);
  const { weight, ...words }: WeightInputs = inputs;
  const columns = weight ? { columns: weight } : {};
  return { inputs: { ...words, ...columns }, attributes: { ...sizes, dense: forms.dense } };
}

/**
 * Forward: the embedding of the given ids, exactly. Backward, in rows with weight 1: as if the row were
 * softmax((logits + g)/τ)·table, g constant: posterior Gumbel noise in which the ids were the argmax, or 0.
 * Keeps that softmax and nothing else. Source: spec/unirl.md 3.1 (b) with noise, (a) without. Taped in `logits`.
 * @param logits [R, V] @param table [V, D] @param ids [R], each in [0, V)
 * @param weights [R], 0 where no gradient passes @param tau τ > 0
 * @param noise [R, V] standard Gumbel, borrowed, or null @returns [R, D], owned by the caller
 * @throws EngineError("badInput") when ids or weights are not as many as rows
 */
export function straightThroughEmbedding(
  logits: tf.Tensor2D,
  table: CodeTable,
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
  const { inputs, attributes } = describeTable(table);
  return tapedOp([logits], () => {
    const chosen = tf.tensor1d(ids, "int32");
    return {
      value: embeddingRows(table instanceof PackedWeight ? table : table.rows, chosen) as tf.Tensor2D,
      saved: runSoften({ logits, ids: chosen, ...(noise ? { noise } : {}) }, { tau }),
      backward: (dy, saved) => {
        const [probs] = saved as [tf.Tensor];
        return runGradient({ probs, weights: tf.tensor1d(weights), dy, ...inputs }, { ...attributes, tau });
      },
    };
  });
}
