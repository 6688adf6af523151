/** Which columns a row of attention may look at, as data in the form that the current backend's kernel reads. */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { runsShaders } from "../defineOp.ts";

/** Added to the scores of forbidden pairs: softmax gives exactly 0. */
export const FORBIDDEN = -1e30;

/**
 * A mask from ranges: shaders read them as they are; the twin adds a table, made here once for all layers of a pass.
 * @param ranges [B·rows·2], first column seen and the one behind the last, row by row; the same twice for a row that
 *   sees nothing, whose output and gradients are 0
 * @param rows as many as there are queries, or 1 where all of a sequence see the same
 * @param columns keys
 * @returns int32 [B, rows, 2] on WebGPU, else float32 [B, 1, rows, columns] of 0 and `FORBIDDEN`; owned by the caller
 * @throws EngineError("badInput") for a range that ends before it begins or reaches beyond the columns
 */
export function attentionMask(ranges: Int32Array, batch: number, rows: number, columns: number): tf.Tensor {
  for (let row = 0; row < batch * rows; row++) {
    const [first = 0, end = 0] = ranges.subarray(2 * row, 2 * row + 2);
    if (first < 0 || first > end || end > columns) {
      throw new EngineError(
        "badInput",
        `Row ${row} sees columns ${first} to ${end} of ${columns}: backwards, or some that are not there.`,
      );
    }
  }
  if (runsShaders()) return tf.tensor3d(ranges, [batch, rows, 2], "int32");
  const values = new Float32Array(batch * rows * columns).fill(FORBIDDEN);
  for (let row = 0; row < batch * rows; row++) {
    values.fill(0, row * columns + (ranges[2 * row] ?? 0), row * columns + (ranges[2 * row + 1] ?? 0));
  }
  return tf.tensor4d(values, [batch, 1, rows, columns]);
}

/** The mask of some of a sequence's queries; one row that holds for all stays. @returns owned by the caller's tidy */
export function keepMaskRows(mask: tf.Tensor, start: number, count: number): tf.Tensor {
  const axis = mask.rank === 3 ? 1 : 2;
  if (mask.shape[axis] === 1) return mask;
  const [begin, size] = [mask.shape.map(() => 0), [...mask.shape]];
  begin[axis] = start;
  size[axis] = count;
  return tf.slice(mask, begin, size);
}

/** The table of a mask given as ranges, by stock ops. @param mask int32 [B, rows, 2] @returns [B, 1, rows, columns] */
export function expandRanges(mask: tf.Tensor3D, columns: number): tf.Tensor4D {
  const [batch, rows] = mask.shape;
  const column = tf.range(0, columns, 1, "int32");
  const edge = (at: number) => tf.reshape(tf.slice(mask, [0, 0, at], [batch, rows, 1]), [batch, 1, rows, 1]);
  const isSeen = tf.logicalAnd(tf.greaterEqual(column, edge(0)), tf.less(column, edge(1)));
  return tf.mul(tf.sub(1, tf.cast(isSeen, "float32")), FORBIDDEN) as tf.Tensor4D;
}
