/**
 * Tables of the rotary position embedding: it turns the first part of each head, pairs half a rotary width apart (NeoX form).
 *
 * Source: Su et al., arXiv 2104.09864; spec/showo.md 1 and 2.
 */
import * as tf from "@tensorflow/tfjs-core";

/** Tables for one list of positions, a row each; see `makeRotary`. */
export interface Rotary {
  /** [R, 2, half]: for the shader, cos and sin of every pair's angle. */
  readonly angles: tf.Tensor3D;
  /** [R, 1, hd]: for the twin, cos of the angle, 1 on dimensions that do not rotate. */
  readonly cos: tf.Tensor3D;
  /** [R, 1, hd]: for the twin, sin of the angle, 0 on dimensions that do not rotate. */
  readonly sin: tf.Tensor3D;
  /** [hd, hd]: x·turn is (−x₂, x₁, 0), the quarter turn of each pair. */
  readonly turn: tf.Tensor2D;
  /** [hd, hd]: the transpose of `turn`. */
  readonly turnBack: tf.Tensor2D;
  /** Distance of a pair's two dimensions; pairs fill the first 2·half. */
  readonly half: number;
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

/** One position's cos and sin of every pair. */
function anglesAt(position: number, { rotarySize, base }: RotarySizes): Float32Array {
  const half = rotarySize / 2;
  const angles = new Float32Array(rotarySize);
  for (let index = 0; index < half; index++) {
    const angle = position * base ** ((-2 * index) / rotarySize);
    angles[index] = Math.cos(angle);
    angles[half + index] = Math.sin(angle);
  }
  return angles;
}

/** Tables for rows at the given positions. @param positions [R] @returns owned by the caller */
export function makeRotary(positions: ArrayLike<number>, sizes: RotarySizes): Rotary {
  const { headSize, rotarySize } = sizes;
  const [rows, half] = [positions.length, rotarySize / 2];
  const angles = new Float32Array(rows * rotarySize);
  const cos = new Float32Array(rows * headSize).fill(1);
  const sin = new Float32Array(rows * headSize);
  // Sequences repeat positions.
  const known = new Map<number, Float32Array>();
  for (let row = 0; row < rows; row++) {
    const position = positions[row] ?? 0;
    const own = known.get(position) ?? anglesAt(position, sizes);
    known.set(position, own);
    angles.set(own, row * rotarySize);
    for (const start of [row * headSize, row * headSize + half]) {
      cos.set(own.subarray(0, half), start);
      sin.set(own.subarray(half), start);
    }
  }
  return {
    angles: tf.tensor3d(angles, [rows, 2, half]),
    cos: tf.tensor3d(cos, [rows, 1, headSize]),
    sin: tf.tensor3d(sin, [rows, 1, headSize]),
    turn: quarterTurn(sizes, 1),
    turnBack: quarterTurn(sizes, -1),
    half,
  };
}
