/** Picking rows by stock ops. */
import * as tf from "@tensorflow/tfjs-core";

/** Rows `skip` to `skip + count` of each of some sequences of equal length that lie one behind the other. */
export interface RowChoice {
  /** First row of the first sequence. */
  readonly start: number;
  readonly sequences: number;
  /** Rows of a sequence. */
  readonly length: number;
  /** Rows of a sequence before those kept. */
  readonly skip: number;
  /** Rows of a sequence that are kept. */
  readonly count: number;
}

/** @param x [R, D] @returns [sequences·count, D] */
export function pickTwin(x: tf.Tensor, { start, sequences, length, skip, count }: RowChoice): tf.Tensor {
  const rows = Int32Array.from({ length: sequences * count }, (_, at) => {
    return start + Math.floor(at / count) * length + skip + (at % count);
  });
  return tf.gather(x, tf.tensor1d(rows, "int32"));
}

/** @param dy [sequences·count, D] @returns [rows, D], zeros where nothing was picked */
export function pickGradientTwin(
  dy: tf.Tensor,
  { start, sequences, length, skip, count, rows }: RowChoice & { readonly rows: number },
): tf.Tensor {
  const width = dy.shape[1] ?? 0;
  const own = tf.pad(tf.reshape(dy, [sequences, count, width]), [
    [0, 0],
    [skip, length - skip - count],
    [0, 0],
  ]);
  const flat = tf.reshape(own, [sequences * length, width]);
  const after = rows - start - sequences * length;
  return start + after === 0
    ? flat
    : tf.pad(flat, [
        [start, after],
        [0, 0],
      ]);
}
