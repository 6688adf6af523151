/**
 * The number formats that a frozen matrix can be kept in, and how its numbers lie in memory. Symmetric: a value is
 * integer · scale, and one f16 scale belongs to a group of neighbouring values of a row.
 *
 * A row [in] is padded with zeros to whole groups. Packed: int8 four to a u32, int4 eight to a u32, two's complement,
 * the first value in the lowest bits. Scales: two to a u32, the even group in the low half, an odd count padded with zero.
 */
import { EngineError } from "../errors.ts";

/** Whole words and whole tiles of every kernel: rows are padded to a multiple of it. */
const ROW_UNIT = 32;

/**
 * `groupSize` null: one scale a row. The smallest and largest integers are those of symmetric int8, and all of int4's:
 * with 15 steps, leaving one unused would cost a seventh of the error.
 */
export const QUANT_FORMATS = {
  int8: { bits: 8, groupSize: 32, smallest: -127, largest: 127 },
  int8Row: { bits: 8, groupSize: null, smallest: -127, largest: 127 },
  int4: { bits: 4, groupSize: 32, smallest: -8, largest: 7 },
  int4Wide: { bits: 4, groupSize: 64, smallest: -8, largest: 7 },
} as const;

export type QuantFormat = keyof typeof QUANT_FORMATS;

/** How a model's matrices are kept as a whole. Which of them gets which `QuantFormat` is the model family's to say. */
export type ModelFormat = "f32" | "int8" | "int4";

/** A matrix W [out, in] in a format. */
export interface QuantisedMatrix {
  readonly format: QuantFormat;
  /** Values that share a scale; the padded row where there is one scale a row. */
  readonly groupSize: number;
  readonly outSize: number;
  readonly inSize: number;
  /** [out, wordsPerRow] */
  readonly packed: Uint32Array;
  /** [out, scaleWordsPerRow], pairs of f16 */
  readonly scales: Uint32Array;
}

/** What a matrix takes in memory. */
export function matrixBytes({ packed, scales }: QuantisedMatrix): number {
  return packed.byteLength + scales.byteLength;
}

/** Some rows of a matrix; shares its memory. @param start first row @throws RangeError when there are no such rows */
export function takeMatrixRows(matrix: QuantisedMatrix, start: number, count: number): QuantisedMatrix {
  const { outSize, packed, scales } = matrix;
  if (start < 0 || count < 1 || start + count > outSize) {
    throw new RangeError(`rows ${start} to ${start + count} of ${outSize}`);
  }
  const part = (words: Uint32Array) => {
    const perRow = words.length / outSize;
    return words.subarray(start * perRow, (start + count) * perRow);
  };
  return { ...matrix, outSize: count, packed: part(packed), scales: part(scales) };
}

/** Sizes of W [out, in]. */
export interface MatrixSizes {
  readonly outSize: number;
  readonly inSize: number;
}

/** Where the numbers of one row lie. */
export interface RowLayout {
  readonly groupSize: number;
  readonly groups: number;
  readonly bits: 4 | 8;
  readonly valuesPerWord: number;
  readonly wordsPerRow: number;
  readonly scaleWordsPerRow: number;
}

/** @throws EngineError("badInput") for sizes that are no positive integers */
export function layoutOf(format: QuantFormat, { outSize, inSize }: MatrixSizes): RowLayout {
  if (!Number.isSafeInteger(outSize) || !Number.isSafeInteger(inSize) || outSize < 1 || inSize < 1) {
    throw new EngineError("badInput", `A matrix cannot be ${outSize} × ${inSize}.`, { outSize, inSize });
  }
  const { bits, groupSize: fixed } = QUANT_FORMATS[format];
  const groupSize = fixed ?? Math.ceil(inSize / ROW_UNIT) * ROW_UNIT;
  const groups = Math.ceil(inSize / groupSize);
  const valuesPerWord = 32 / bits;
  return {
    groupSize,
    groups,
    bits,
    valuesPerWord,
    wordsPerRow: (groups * groupSize) / valuesPerWord,
    scaleWordsPerRow: Math.ceil(groups / 2),
  };
}
