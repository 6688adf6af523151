/** Rows of a packed table from stock ops. */
import * as tf from "@tensorflow/tfjs-core";

/** The table's words are not read: stock ops cannot take them apart. */
export interface RowInputs<T = tf.Tensor> {
  /** int32, any shape */
  readonly ids: T;
  /** int32 [V, wordsPerRow] */
  readonly packed?: T;
  /** int32 [V, scaleWordsPerRow] */
  readonly scales?: T;
}

/** @param rows gives the table as f32 [V, D], borrowed @returns [rows of the ids [.., D]] */
export function gatherRows({ ids }: RowInputs, { rows }: { readonly rows: () => tf.Tensor }): tf.Tensor[] {
  return [tf.gather(rows(), ids as tf.Tensor1D)];
}
