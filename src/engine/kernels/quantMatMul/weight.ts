/** A frozen or trainable weight matrix in one of the forms that the linear layer multiplies by. */
import * as tf from "@tensorflow/tfjs-core";
import {
  dequantiseMatrix,
  layoutOf,
  QUANT_FORMATS,
  type QuantFormat,
  type QuantisedMatrix,
} from "../../quant/quantise.ts";

/** W in f32, [in, out]. */
export interface FloatWeight {
  readonly format: "f32";
  readonly inSize: number;
  readonly outSize: number;
  readonly values: tf.Tensor2D;
}

/** W in few bits. Owns its tensors. */
export interface PackedWeight {
  readonly format: QuantFormat;
  readonly inSize: number;
  readonly outSize: number;
  /** int32 [out, words], bit by bit the matrix' words. */
  readonly packed: tf.Tensor2D;
  /** int32 [out, ⌈groups/2⌉] */
  readonly scales: tf.Tensor2D;
  /**
   * [in, out] in f32, made when first asked for and kept: stock ops cannot unpack bits on every backend, so the twin
   * multiplies by this.
   */
  readonly expanded: () => tf.Tensor2D;
  dispose(): void;
}

export type Weight = FloatWeight | PackedWeight;

/** @param values [in, out]; takes ownership */
export function floatWeight(values: tf.Tensor2D): FloatWeight {
  const [inSize, outSize] = values.shape;
  return { format: "f32", inSize, outSize, values };
}

/** Uploads a quantised matrix. @returns owned by the caller */
export function packedWeight(matrix: QuantisedMatrix): PackedWeight {
  const { format, inSize, outSize, packed, scales } = matrix;
  const { words, scaleWords } = layoutOf(format, inSize);
  const upload = (bits: Uint32Array, width: number) =>
    tf.tensor2d(new Int32Array(bits.buffer, bits.byteOffset, bits.length), [outSize, width], "int32");
  const tensors = { packed: upload(packed, words), scales: upload(scales, scaleWords) };
  let kept: tf.Tensor2D | null = null;
  const expanded = () => {
    kept ??= tf.tidy(() =>
      tf.keep(tf.transpose(tf.tensor2d(dequantiseMatrix(matrix), [outSize, inSize])) as tf.Tensor2D),
    );
    return kept;
  };
  const dispose = () => {
    tf.dispose([tensors.packed, tensors.scales]);
    kept?.dispose();
    kept = null;
  };
  return { format, inSize, outSize, ...tensors, expanded, dispose };
}

/** Bits of a value on the GPU. */
export function bitsOf({ format }: Weight): 32 | 8 | 4 {
  return format === "f32" ? 32 : QUANT_FORMATS[format].bits;
}
