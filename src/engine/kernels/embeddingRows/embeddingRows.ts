/** Looking ids up in a frozen embedding table, in f32 or packed. */
import * as tf from "@tensorflow/tfjs-core";
import { defineOp, runsShaders } from "../defineOp.ts";
import type { PackedWeight } from "../quantMatMul/packedWeight.ts";
import { gatherRows, type RowInputs } from "./twin.ts";
import { gatherRowsOnGpu, type RowTable } from "./webgpu.ts";

const runRows = defineOp<RowInputs, RowTable & { readonly rows: () => tf.Tensor }>({
  name: "EmbeddingRows",
  twin: gatherRows,
  webgpu: gatherRowsOnGpu,
});

/**
 * Rows of the table, in f32; of a packed one the exact values of `dequantiseMatrix`, unpacked as they are read. On no
 * tape: the table is frozen.
 * @param table f32 [V, D], or packed, borrowed @param ids int32 of any shape, each in [0, V)
 * @returns [.., D], owned by the caller
 */
export function embeddingRows(table: tf.Tensor2D | PackedWeight, ids: tf.Tensor): tf.Tensor {
  if (table instanceof tf.Tensor) return tf.gather(table, ids as tf.Tensor1D);
  const words = runsShaders() ? { packed: table.packed, scales: table.scales } : {};
  const { inSize, outSize, matrix } = table;
  const attributes = { format: matrix.format, inSize, outSize, rows: () => table.transposed() };
  const [rows] = runRows({ ids, ...words }, attributes) as [tf.Tensor];
  return rows;
}
