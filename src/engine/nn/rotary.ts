/**
 * Rotary position embedding on the first part of each head, pairs half a rotary width apart (NeoX form).
 *
 * Source: Su et al., arXiv 2104.09864; spec/showo.md 1 and 2.
 */
import * as tf from "@tensorflow/tfjs-core";
import { tapedOp } from "../kernels/tapedOp.ts";

/** Tables for one list of positions; see `makeRotary`. */
export interface Rotary {
  /** [L, 1, hd]: cos of the angle, 1 on dimensions that do not rotate. */
  readonly cos: tf.Tensor3D;
  /** [L, 1, hd]: sin of the angle, 0 on dimensions that do not rotate. */
  readonly sin: tf.Tensor3D;
  /** [hd, hd]: x·turn is (−x₂, x₁, 0), the quarter turn of each pair. */
  readonly turn: tf.Tensor2D;
  /** [hd, hd]: the transpose of `turn`. */
  readonly turnBack: tf.Tensor2D;
}

/** What shapes the tables: width of a head, how many of its dimensions rotate (even), base of the frequencies. */
export interface RotarySizes {
  readonly headSize: number;
  readonly rotarySize: number;
  readonly base: number;
}

/** @param sign +1 for x·turn, −1 for its transpose */
function quarterTurn({ headSize, rotarySize }: RotarySizes, sign: number): tf.Tensor2D {
  const half = rotarySize / 2;
  const values = new Float32Array(headSize * headSize);
  for (let index = 0; index < half; index++) {
    values[(index + half) * headSize + index] = -sign;
    values[index * headSize + index + half] = sign;
  }
  return tf.tensor2d(values, [headSize, headSize]);
}

/** Tables for rows at the given positions. @param positions [L] @returns owned by the caller */
export function makeRotary(positions: ArrayLike<number>, sizes: RotarySizes): Rotary {
  const { headSize, rotarySize, base } = sizes;
  const half = rotarySize / 2;
  const cos = new Float32Array(positions.length * headSize).fill(1);
  const sin = new Float32Array(positions.length * headSize);
  for (let row = 0; row < positions.length; row++) {
    for (let index = 0; index < half; index++) {
      const angle = (positions[row] ?? 0) * base ** ((-2 * index) / rotarySize);
      for (const at of [row * headSize + index, row * headSize + index + half]) {
        cos[at] = Math.cos(angle);
        sin[at] = Math.sin(angle);
      }
    }
  }
  const shape: [number, number, number] = [positions.length, 1, headSize];
  return {
    cos: tf.tensor3d(cos, shape),
    sin: tf.tensor3d(sin, shape),
    turn: quarterTurn(sizes, 1),
    turnBack: quarterTurn(sizes, -1),
  };
}

/** x·matrix over the last axis. @param x [B, L, H, hd] */
function turnPairs(x: tf.Tensor4D, matrix: tf.Tensor2D): tf.Tensor4D {
  const headSize = matrix.shape[0];
  return tf.reshape(tf.matMul(tf.reshape(x, [-1, headSize]), matrix), x.shape);
}

/** Turns every head by its row's angle. Taped. @param x [B, L, H, hd] @returns same shape, owned by the caller */
export function rotate(x: tf.Tensor4D, { cos, sin, turn, turnBack }: Rotary): tf.Tensor4D {
  return tapedOp([x], () => ({
    value: tf.add(tf.mul(x, cos), tf.mul(turnPairs(x, turn), sin)) as tf.Tensor4D,
    // The tables may be gone by the time of the backward pass, so they are kept too.
    saved: [cos, sin, turnBack],
    backward: (dy, [savedCos, savedSin, back]) => [
      tf.add(
        tf.mul(dy, savedCos as tf.Tensor),
        turnPairs(tf.mul(dy, savedSin as tf.Tensor) as tf.Tensor4D, back as tf.Tensor2D),
      ),
    ],
  }));
}
