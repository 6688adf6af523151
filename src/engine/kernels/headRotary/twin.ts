/** Projections split into rotated heads, from stock ops. */
import * as tf from "@tensorflow/tfjs-core";
import { normalise, normaliseGradients } from "../rowNorm/twin.ts";

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
  /** What the twin keeps: x̂ [R·H, hd] and 1/σ [R·H, 1] of queries, and of keys. */
  readonly xHatQ?: T;
  readonly inverseQ?: T;
  readonly xHatK?: T;
  readonly inverseK?: T;
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

/** A row of the norms [hd]. */
function normRow(norms: tf.Tensor, at: number): tf.Tensor {
  const headSize = norms.shape[1] ?? 1;
  return tf.reshape(tf.slice(norms, [at, 0], [1, headSize]), [headSize]);
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

/** Norm and rotation of queries (part 0) or keys (1). @param x [R, D] @returns [R, D], and with norms x̂ and 1/σ */
function turnPart(
  x: tf.Tensor2D,
  part: 0 | 1,
  { cos, sin, turn, norms }: HeadInputs,
  epsilon: number,
): [tf.Tensor2D, ...tf.Tensor[]] {
  const headSize = cos.shape[2] ?? 1;
  const flat = tf.reshape(x, [-1, headSize]);
  const [normed = flat, ...kept] = norms
    ? normalise(
        { x: flat, weight: normRow(norms, part), bias: normRow(norms, 2 + part) },
        { kind: "layer", epsilon },
      )
    : [flat];
  const heads = tf.reshape(normed, [x.shape[0], -1, headSize]);
  const turned = tf.add(tf.mul(heads, cos), tf.mul(turnPairs(heads, turn), sin));
  return [tf.reshape(turned, x.shape), ...kept];
}

/** @returns q [R, D], k and v [Rp + R, D], and with norms x̂ and 1/σ of queries and of keys */
export function splitTwin(inputs: HeadInputs, { heads, epsilon, sequences }: HeadAttributes): tf.Tensor[] {
  const { qkv, cos, pastK, pastV } = inputs;
  const width = heads * (cos.shape[2] ?? 1);
  const [q, ...keptQ] = turnPart(columns(qkv, 0, width), 0, inputs, epsilon);
  const [k, ...keptK] = turnPart(columns(qkv, width, width), 1, inputs, epsilon);
  const v = columns(qkv, 2 * width, width);
  return [q, append(pastK, k, sequences), append(pastV, v, sequences), ...keptQ, ...keptK];
}

/** The gradient of `turnPart`. @returns dx [R, D], and with norms that learn those of weight and bias */
function turnPartBack(
  dy: tf.Tensor2D,
  part: 0 | 1,
  { cos, sin, turnBack, norms, ...kept }: HeadBackward,
  isTrainable: boolean,
): [tf.Tensor2D, ...tf.Tensor[]] {
  const headSize = cos.shape[2] ?? 1;
  const upstream = tf.reshape(dy, [dy.shape[0], -1, headSize]);
  const dHeads = tf.add(tf.mul(upstream, cos), turnPairs(tf.mul(upstream, sin), turnBack));
  const rows = part === 0 ? kept.xHatQ : kept.xHatK;
  const statistics = part === 0 ? kept.inverseQ : kept.inverseK;
  if (!norms || !rows || !statistics) return [tf.reshape(dHeads, dy.shape)];
  const flat = tf.reshape(dHeads, [-1, headSize]);
  const [dx = flat, ...learnt] = normaliseGradients(
    { rows, statistics, weight: normRow(norms, part), dy: flat },
    { kind: "layer", isTrainable },
  );
  return [tf.reshape(dx, dy.shape), ...learnt];
}

/** @returns dqkv [R, 3·D], and with trainable norms their gradient [4, hd] */
export function splitGradientTwin(inputs: HeadBackward, attributes: HeadAttributes): tf.Tensor[] {
  const { dq, dk, dv } = inputs;
  const { isTrainable } = attributes;
  const [ofQ, ...learntQ] = turnPartBack(dq as tf.Tensor2D, 0, inputs, isTrainable);
  const [ofK, ...learntK] = turnPartBack(ownRows(dk, attributes), 1, inputs, isTrainable);
  const dqkv = tf.concat([ofQ, ofK, ownRows(dv, attributes)], 1);
  const [weightQ, biasQ] = learntQ;
  const [weightK, biasK] = learntK;
  if (!weightQ || !biasQ || !weightK || !biasK) return [dqkv];
  return [dqkv, tf.stack([weightQ, weightK, biasQ, biasK])];
}
