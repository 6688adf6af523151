/** Inputs from a seed. */
import * as tf from "@tensorflow/tfjs-core";
import { layoutOf, type QuantFormat, type QuantisedMatrix } from "../src/engine/quant/quantFormat.ts";
import { createRng } from "../src/engine/rng.ts";
import { encodeF16 } from "../src/engine/safetensors/float16.ts";

/** Standard normal numbers; the same for the same name and shape. */
export function randomValues(name: string, ...shape: readonly number[]): Float32Array {
  const size = shape.reduce((product, side) => product * side, 1);
  return createRng("bench", name, ...shape).normal(size);
}

export function randomTensor<R extends tf.Rank>(name: string, ...shape: number[]): tf.Tensor<R> {
  return tf.tensor(randomValues(name, ...shape), shape as tf.ShapeMap[R]);
}

/** Root mean square of integers of so many bits, all as likely, over their count. */
const EVEN_SPREAD = 1 / Math.sqrt(12);

/**
 * A matrix of random integers that keeps the level of what it is multiplied with. Rounding real weights of this size
 * would take longer than most benchmarks, and tells nothing more of their speed.
 */
export function randomMatrix(
  name: string,
  outSize: number,
  inSize: number,
  format: QuantFormat,
): QuantisedMatrix {
  const { bits, groupSize, wordsPerRow, scaleWordsPerRow } = layoutOf(format, { outSize, inSize });
  const rng = createRng("bench", "matrix", name);
  // A uniform has fewer random bits than a word.
  const half = () => Math.floor(rng.uniform() * 2 ** 16);
  const scale = encodeF16(1 / (EVEN_SPREAD * 2 ** bits * Math.sqrt(inSize)));
  return {
    format,
    groupSize,
    outSize,
    inSize,
    packed: Uint32Array.from({ length: outSize * wordsPerRow }, () => half() | (half() << 16)),
    scales: new Uint32Array(outSize * scaleWordsPerRow).fill(scale | (scale << 16)),
  };
}
