/** Projections split into rotated heads, from stock ops. */
import * as tf from "@tensorflow/tfjs-core";
import { standardise, standardiseGradient } from "../rowNorm/twin.ts";

/** What the twins read of the tables. */
export interface TurnTables<T = tf.Tensor> {
  /** [R, 1, hd] */
  readonly cos: T;
  readonly sin: T;
}

export interface HeadInputs<T = tf.Tensor> extends TurnTables<T> {
  /** [R, 3·D]: queries, keys and values side by side */
  readonly qkv: T;
  /** [hd, hd] */
  readonly turn: T;
  /** [R, 2, half] */
  readonly angles: T;
  /** [4, hd]: weights of queries and of keys, then their biases; none: heads are not normalised. */
  readonly norms?: T;
  /** [Rp, D] */
  readonly pastK?: T;
  readonly pastV?: T;
}

export interface HeadBackward<T = tf.Tensor> extends TurnTables<T> {
  /** [R, D] */
  readonly dq: T;
  /** [Rp + R, D] */
  readonly dk: T;
  readonly dv: T;
  /** [hd, hd] */
  readonly turnBack: T;
  readonly angles: T;
  readonly norms?: T;
  /** What the shader keeps where heads are normalised. */
  readonly qkv?: T;
  /** What the twin keeps: x̂ [R·2H, hd] and 1/σ [R·2H, 1] of queries and keys. */
  readonly xHat?: T;
  readonly inverse?: T;
}

/** Of both directions. */
export interface HeadAttributes {
  /** H */
  readonly heads: number;
  /** Half of the dimensions that rotate. */
  readonly half: number;
  readonly epsilon: number;
  /** The norms learn. */
  readonly isTrainable: boolean;
  /** Rp */
  readonly pastRows: number;
  /** S: own rows of a sequence follow those of its past; 1: all own rows follow all of the past. */
  readonly sequences: number;
}

/** x·matrix over the last axis. */
function turnPairs(x: tf.Tensor, matrix: tf.Tensor): tf.Tensor {
  const headSize = matrix.shape[0] ?? 1;
  return tf.reshape(tf.matMul(tf.reshape(x, [-1, headSize]), matrix as tf.Tensor2D), x.shape);
}

function columns(x: tf.Tensor, start: number, count: number): tf.Tensor2D {
  return tf.slice(x as tf.Tensor2D, [0, start], [x.shape[0] ?? 0, count]);
}

/** Two of the norms' rows for all heads [2, 1, hd]. */
function normRows(norms: tf.Tensor, start: number): tf.Tensor {
  const headSize = norms.shape[1] ?? 1;
  return tf.reshape(tf.slice(norms, [start, 0], [2, headSize]), [2, 1, headSize]);
}

/** Own rows behind the past's, sequence by sequence. @returns [Rp + R, D] */
function append(past: tf.Tensor | undefined, own: tf.Tensor2D, sequences: number): tf.Tensor {
  if (!past) return own;
  const width = own.shape[1];
  const split = (rows: tf.Tensor) => tf.reshape(rows, [sequences, -1, width]);
  return tf.reshape(tf.concat([split(past), split(own)], 1), [-1, width]);
}

/** The own rows of `append`. @returns [R, D] */
function ownRows(rows: tf.Tensor, { pastRows, sequences }: HeadAttributes): tf.Tensor2D {
  if (pastRows === 0) return rows as tf.Tensor2D;
  const [count = 0, width = 0] = rows.shape;
  const past = pastRows / sequences;
  const all = tf.reshape(rows, [sequences, count / sequences, width]);
  return tf.reshape(tf.slice(all, [0, past, 0], [sequences, count / sequences - past, width]), [-1, width]);
}

/** @returns q [R, D], k and v [Rp + R, D], and with norms x̂ and 1/σ of queries and keys */
export function splitTwin(inputs: HeadInputs, { heads, epsilon, sequences }: HeadAttributes): tf.Tensor[] {
  const { qkv, cos, sin, turn, norms, pastK, pastV } = inputs;
  const headSize = cos.shape[2] ?? 1;
  const width = heads * headSize;
  const both = columns(qkv, 0, 2 * width);
  const flat = tf.reshape(both, [-1, headSize]);
  const level = norms ? standardise(flat, "layer", epsilon) : null;
  const normed =
    level && norms
      ? tf.add(
          tf.mul(tf.reshape(level.xHat, [-1, 2, heads, headSize]), normRows(norms, 0)),
          normRows(norms, 2),
        )
      : flat;
  const split = tf.reshape(normed, [-1, 2 * heads, headSize]);
  const turned = tf.reshape(tf.add(tf.mul(split, cos), tf.mul(turnPairs(split, turn), sin)), both.shape);
  return [
    columns(turned, 0, width),
    append(pastK, columns(turned, width, width), sequences),
    append(pastV, columns(qkv, 2 * width, width), sequences),
    ...(level ? [level.xHat, level.inverse] : []),
  ];
}

/** @returns dqkv [R, 3·D], and with trainable norms their gradient [4, hd] */
export function splitGradientTwin(inputs: HeadBackward, attributes: HeadAttributes): tf.Tensor[] {
  const { dq, dk, dv, cos, sin, turnBack, norms, xHat, inverse } = inputs;
  const { heads, isTrainable } = attributes;
  const headSize = cos.shape[2] ?? 1;
  const joined = tf.concat([dq as tf.Tensor2D, ownRows(dk, attributes)], 1);
  const upstream = tf.reshape(joined, [-1, 2 * heads, headSize]);
  const dHeads = tf.add(tf.mul(upstream, cos), turnPairs(tf.mul(upstream, sin), turnBack));
  const finish = (both: tf.Tensor) =>
    tf.concat([tf.reshape(both, joined.shape) as tf.Tensor2D, ownRows(dv, attributes)], 1);
  if (!norms || !xHat || !inverse) return [finish(dHeads)];
  const dNormed = tf.reshape(dHeads, [-1, 2, heads, headSize]);
  const dHat = tf.reshape(tf.mul(dNormed, normRows(norms, 0)), xHat.shape);
  const dqkv = finish(standardiseGradient(dHat, { xHat, inverse }, "layer"));
  if (!isTrainable) return [dqkv];
  const along = tf.mul(dNormed, tf.reshape(xHat, dNormed.shape));
  return [dqkv, tf.concat([tf.sum(along, [0, 2]), tf.sum(dNormed, [0, 2])])];
}
