/** A frozen weight on the device in a packed format of `quant/quantFormat.ts`. */
import * as tf from "@tensorflow/tfjs-core";
import { isCompilingOnly } from "../../device/compilation.ts";
import { layoutOf, type QuantisedMatrix, type RowLayout } from "../../quant/quantFormat.ts";
import { dequantiseMatrix } from "../../quant/quantiseMatrix.ts";

/** The words as the 4-byte integers that tfjs knows; shares their memory. */
function toInt32(words: Uint32Array): Int32Array {
  return new Int32Array(words.buffer, words.byteOffset, words.length);
}

/**
 * Owns its tensors. Shaders read the packed words. Stock ops cannot take f16 scales and signed fields out of an int32
 * exactly on every backend, so the twins multiply with an f32 copy, made from the packed words when first asked for:
 * without WebGPU a packed weight saves the download and not the memory.
 */
export class PackedWeight {
  readonly matrix: QuantisedMatrix;
  readonly layout: RowLayout;
  /** int32 [out, wordsPerRow] */
  readonly packed: tf.Tensor2D;
  /** int32 [out, scaleWordsPerRow] */
  readonly scales: tf.Tensor2D;
  #transposed: tf.Tensor2D | null = null;
  #dense: tf.Tensor2D | null = null;

  /** @param matrix kept, since the f32 copy is made from it; tfjs keeps the same words for its own upload */
  constructor(matrix: QuantisedMatrix) {
    const { outSize, packed, scales } = matrix;
    this.matrix = matrix;
    this.layout = layoutOf(matrix.format, matrix);
    const { wordsPerRow, scaleWordsPerRow } = this.layout;
    this.packed = tf.keep(tf.tensor2d(toInt32(packed), [outSize, wordsPerRow], "int32"));
    this.scales = tf.keep(tf.tensor2d(toInt32(scales), [outSize, scaleWordsPerRow], "int32"));
  }

  get outSize(): number {
    return this.matrix.outSize;
  }

  get inSize(): number {
    return this.matrix.inSize;
  }

  /** The exact f32 values, made once. @returns Wᵀ [in, out], borrowed */
  dense(): tf.Tensor2D {
    if (this.#dense) return this.#dense;
    const dense = tf.transpose(this.transposed());
    if (!isCompilingOnly()) this.#dense = tf.keep(dense);
    return dense;
  }

  /** The exact f32 values, made once. @returns W [out, in], borrowed */
  transposed(): tf.Tensor2D {
    if (this.#transposed) return this.#transposed;
    const transposed = tf.tensor2d(dequantiseMatrix(this.matrix), [this.outSize, this.inSize]);
    if (!isCompilingOnly()) this.#transposed = tf.keep(transposed);
    return transposed;
  }

  dispose(): void {
    tf.dispose([this.packed, this.scales]);
    this.#transposed?.dispose();
    this.#dense?.dispose();
    this.#transposed = null;
    this.#dense = null;
  }
}
