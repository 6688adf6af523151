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
 * Owns its tensors, each made when first asked for: shaders ask for the packed words and nothing else. Stock ops cannot
 * take f16 scales and signed fields out of an int32 exactly on every backend, so the twins multiply with an f32 copy:
 * without WebGPU a packed weight saves the download and not the memory.
 */
export class PackedWeight {
  readonly matrix: QuantisedMatrix;
  readonly layout: RowLayout;
  #packed: tf.Tensor2D | null = null;
  #scales: tf.Tensor2D | null = null;
  #transposed: tf.Tensor2D | null = null;
  #dense: tf.Tensor2D | null = null;

  /** @param matrix kept, since all else is made from it; tfjs keeps the same words for its own upload */
  constructor(matrix: QuantisedMatrix) {
    this.matrix = matrix;
    this.layout = layoutOf(matrix.format, matrix);
  }

  /** @returns int32 [out, wordsPerRow], borrowed */
  get packed(): tf.Tensor2D {
    const shape: [number, number] = [this.outSize, this.layout.wordsPerRow];
    this.#packed ??= tf.keep(tf.tensor2d(toInt32(this.matrix.packed), shape, "int32"));
    return this.#packed;
  }

  /** @returns int32 [out, scaleWordsPerRow], borrowed */
  get scales(): tf.Tensor2D {
    const shape: [number, number] = [this.outSize, this.layout.scaleWordsPerRow];
    this.#scales ??= tf.keep(tf.tensor2d(toInt32(this.matrix.scales), shape, "int32"));
    return this.#scales;
  }

  get outSize(): number {
    return this.matrix.outSize;
  }

  get inSize(): number {
    return this.matrix.inSize;
  }

  /** The exact f32 values, made once, for a forward pass. @returns Wᵀ [in, out], borrowed */
  dense(): tf.Tensor2D {
    if (this.#dense) return this.#dense;
    // Drawing needs no other copy, so none is kept for it.
    const dense = tf.tidy(() => tf.transpose(this.#transposed ?? this.#unpack())) as tf.Tensor2D;
    if (!isCompilingOnly()) this.#dense = tf.keep(dense);
    return dense;
  }

  /** The exact f32 values, made once, for a gradient or for rows. @returns W [out, in], borrowed */
  transposed(): tf.Tensor2D {
    if (this.#transposed) return this.#transposed;
    const transposed = this.#unpack();
    if (!isCompilingOnly()) this.#transposed = tf.keep(transposed);
    return transposed;
  }

  dispose(): void {
    for (const tensor of [this.#packed, this.#scales, this.#transposed, this.#dense]) tensor?.dispose();
    this.#packed = null;
    this.#scales = null;
    this.#transposed = null;
    this.#dense = null;
  }

  #unpack(): tf.Tensor2D {
    return tf.tensor2d(dequantiseMatrix(this.matrix), [this.outSize, this.inSize]);
  }
}
