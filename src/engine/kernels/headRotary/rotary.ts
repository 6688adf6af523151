/**
 * Tables of the rotary position embedding: it turns the first part of each head, pairs half a rotary width apart (NeoX form).
 *
 * Source: Su et al., arXiv 2104.09864; spec/showo.md 1 and 2.
 */
import * as tf from "@tensorflow/tfjs-core";

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
    half,
  };
}
