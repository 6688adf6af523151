/** f32 matrices into the packed formats and back, and what that loses. */
import { EngineError } from "../errors.ts";
import { decodeF16, encodeF16, encodeF16AwayFromZero } from "../safetensors/float16.ts";
import {
  layoutOf,
  type MatrixSizes,
  QUANT_FORMATS,
  type QuantFormat,
  type QuantisedMatrix,
} from "./quantFormat.ts";

/**
 * int4 scales to try, as parts of the one that reaches the group's largest magnitude: clipping the largest value a
 * little often helps all the others more. The best of them all lies in this range for normal and for long-tailed values.
 */
const SHRINKS = [0.95, 0.9, 0.85, 0.8, 0.75];

/** Bits of an f16 scale. */
type ScaleBits = number;

interface Range {
  readonly smallest: number;
  readonly largest: number;
}

function quantise(value: number, scale: number, { smallest, largest }: Range): number {
  return scale === 0 ? 0 : Math.max(smallest, Math.min(largest, Math.round(value / scale)));
}

function squaredError(group: Float32Array, scale: number, range: Range): number {
  let sum = 0;
  for (const value of group) sum += (value - quantise(value, scale, range) * scale) ** 2;
  return sum;
}

/** The value of the largest magnitude, with its sign. */
function extremeOf(group: Float32Array): number {
  let extreme = 0;
  for (const value of group) if (Math.abs(value) > Math.abs(extreme)) extreme = value;
  return extreme;
}

/**
 * A group's scale. Rounded away from zero, the scale that reaches the largest magnitude clips nothing, so no value is off
 * by more than half a scale. int4 also tries smaller ones, and those of either sign that put the extreme value on −8,
 * and takes the least squared error.
 */
function chooseScale(group: Float32Array, format: QuantFormat): ScaleBits {
  const range = QUANT_FORMATS[format];
  const extreme = extremeOf(group);
  const reach = encodeF16AwayFromZero(Math.abs(extreme) / range.largest);
  if (range.bits === 8) return reach;
  const full = extreme / range.smallest;
  const candidates = [full, ...SHRINKS.flatMap((part) => [full * part, (part * extreme) / range.largest])];
  let [best, least] = [reach, squaredError(group, decodeF16(reach), range)];
  for (const candidate of candidates.map(encodeF16)) {
    const error = squaredError(group, decodeF16(candidate), range);
    if (error < least) [best, least] = [candidate, error];
  }
  return best;
}

function requireFinite(row: Float32Array, rowIndex: number): void {
  const at = row.findIndex((value) => !Number.isFinite(value));
  if (at === -1) return;
  throw new EngineError(
    "nonFinite",
    `Row ${rowIndex} of the matrix holds ${row[at]} at column ${at} and cannot be quantised. Check the weights' source.`,
    { row: rowIndex, column: at },
  );
}

function requireLength(length: number, { outSize, inSize }: MatrixSizes): void {
  if (length === outSize * inSize) return;
  throw new EngineError(
    "badInput",
    `A matrix of ${outSize} × ${inSize} needs ${outSize * inSize} values, got ${length}.`,
    { outSize, inSize, length },
  );
}

/**
 * Packs a matrix.
 * @param values W [out, in], row major
 * @throws EngineError("nonFinite") naming the row of a NaN or infinity; EngineError("badInput") for a wrong length, or
 *   values beyond what an f16 scale reaches (8 million in int8, 450,000 in int4)
 */
export function quantiseMatrix(
  values: Float32Array,
  { outSize, inSize }: MatrixSizes,
  format: QuantFormat,
): QuantisedMatrix {
  const sizes = { outSize, inSize };
  const layout = layoutOf(format, sizes);
  const { groupSize, groups, bits, valuesPerWord, wordsPerRow, scaleWordsPerRow } = layout;
  requireLength(values.length, sizes);
  const packed = new Uint32Array(outSize * wordsPerRow);
  const scales = new Uint32Array(outSize * scaleWordsPerRow);
  const mask = 2 ** bits - 1;
  for (let row = 0; row < outSize; row++) {
    const own = values.subarray(row * inSize, (row + 1) * inSize);
    requireFinite(own, row);
    for (let group = 0; group < groups; group++) {
      const start = group * groupSize;
      const members = own.subarray(start, start + groupSize);
      const scaleBits = chooseScale(members, format);
      const scale = decodeF16(scaleBits);
      if (!Number.isFinite(scale)) {
        throw new EngineError("badInput", `Row ${row} of the matrix is too large for an f16 scale.`, { row });
      }
      const scaleAt = row * scaleWordsPerRow + (group >>> 1);
      scales[scaleAt] = (scales[scaleAt] ?? 0) | (scaleBits << (16 * (group & 1)));
      for (const [offset, value] of members.entries()) {
        const at = start + offset;
        const word = row * wordsPerRow + Math.floor(at / valuesPerWord);
        const field = quantise(value, scale, QUANT_FORMATS[format]) & mask;
        packed[word] = (packed[word] ?? 0) | (field << (bits * (at % valuesPerWord)));
      }
    }
  }
  return { format, groupSize, outSize, inSize, packed, scales };
}

/** The f32 values that a packed matrix stands for, exact. @returns W [out, in], row major */
export function dequantiseMatrix(matrix: QuantisedMatrix): Float32Array {
  const { format, outSize, inSize, packed, scales } = matrix;
  const { groupSize, bits, valuesPerWord, wordsPerRow, scaleWordsPerRow } = layoutOf(format, matrix);
  const values = new Float32Array(outSize * inSize);
  for (let row = 0; row < outSize; row++) {
    for (let at = 0; at < inSize; at++) {
      const group = Math.floor(at / groupSize);
      const scale = decodeF16(
        ((scales[row * scaleWordsPerRow + (group >>> 1)] ?? 0) >>> (16 * (group & 1))) & 0xffff,
      );
      const word = packed[row * wordsPerRow + Math.floor(at / valuesPerWord)] ?? 0;
      // Up to the top of an i32 and down again, which repeats the sign.
      const integer = (word << (32 - bits * ((at % valuesPerWord) + 1))) >> (32 - bits);
      values[row * inSize + at] = integer * scale;
    }
  }
  return values;
}

/** How far a packed matrix is from its source. */
export interface QuantisationError {
  /** Root of the mean squared difference, in the values' unit. */
  readonly rootMeanSquare: number;
  /** That over the root of the values' mean square; 0 for a matrix of zeros. */
  readonly relative: number;
  /** Largest difference of one value. */
  readonly largest: number;
}

/** @param values W [out, in] as before packing @throws EngineError("badInput") for a wrong length */
export function quantisationError(values: Float32Array, matrix: QuantisedMatrix): QuantisationError {
  requireLength(values.length, matrix);
  const packed = dequantiseMatrix(matrix);
  let [squares, total, largest] = [0, 0, 0];
  for (const [at, value] of values.entries()) {
    const error = Math.abs(value - (packed[at] ?? 0));
    squares += error * error;
    total += value * value;
    largest = Math.max(largest, error);
  }
  return {
    rootMeanSquare: Math.sqrt(squares / values.length),
    relative: total === 0 ? 0 : Math.sqrt(squares / total),
    largest,
  };
}
