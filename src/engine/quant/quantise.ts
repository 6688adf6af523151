/**
 * Matrices in few bits: signed whole numbers in groups along the input, each group with its own scale; zero is always
 * zero. Laid out so that the forward product and the one for the input's gradient read the same words in order
 * (spec/peers.md 3.1 and 3.2).
 */
import { EngineError } from "../errors.ts";
import { decodeF16, encodeF16 } from "../safetensors/float16.ts";

/** Bits of a value and values of a group. The group of "int8Rows" is a whole row. */
export const QUANT_FORMATS = {
  int8Rows: { bits: 8, groupSize: 0 },
  int8: { bits: 8, groupSize: 32 },
  int4: { bits: 4, groupSize: 32 },
  int4Wide: { bits: 4, groupSize: 64 },
} as const;

export type QuantFormat = keyof typeof QUANT_FORMATS;

/** A weight matrix W [out, in], for y = x·Wᵀ. */
export interface QuantisedMatrix {
  readonly format: QuantFormat;
  readonly outSize: number;
  readonly inSize: number;
  /** [out, words]: values in input order, the first in the lowest bits, two's complement; zeros behind the last input. */
  readonly packed: Uint32Array;
  /** [out, ⌈groups/2⌉]: f16 scales of a row's groups, the first in the lower half of a word. */
  readonly scales: Uint32Array;
}

/** How one row lies in memory. */
export interface RowLayout {
  readonly bits: 4 | 8;
  readonly valuesPerWord: number;
  readonly groupSize: number;
  readonly groups: number;
  readonly words: number;
  readonly scaleWords: number;
}

const WORD_BITS = 32;
/** Shaders read so many values at a time. */
const READ_TOGETHER = 8;
/** Scales tried for a group in few bits, as shares of the one that just holds its largest value. */
const SCALE_SHARES = [1, 0.96, 0.92, 0.88, 0.84, 0.8, 0.76, 0.72];

/** @returns word counts of a row; the last group is filled up with zeros */
export function layoutOf(format: QuantFormat, inSize: number): RowLayout {
  const { bits, groupSize } = QUANT_FORMATS[format];
  const valuesPerWord = WORD_BITS / bits;
  const size = groupSize || Math.ceil(inSize / READ_TOGETHER) * READ_TOGETHER;
  const groups = Math.ceil(inSize / size);
  return {
    bits,
    valuesPerWord,
    groupSize: size,
    groups,
    words: (groups * size) / valuesPerWord,
    scaleWords: Math.ceil(groups / 2),
  };
}

/** The squared error of a group under a scale. */
function groupError(values: Float32Array, scale: number, most: number): number {
  let error = 0;
  for (const value of values) {
    const steps = scale === 0 ? 0 : Math.max(-most, Math.min(most, Math.round(value / scale)));
    error += (value - steps * scale) ** 2;
  }
  return error;
}

/** An f16 scale that suits a group: the smallest squared error of those tried. @returns its bits */
function chooseScale(values: Float32Array, bits: 4 | 8): number {
  const most = 2 ** (bits - 1) - 1;
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // In many bits cutting the largest value never pays.
  const shares = bits === 8 ? [1] : SCALE_SHARES;
  let best = { bits: 0, error: Number.POSITIVE_INFINITY };
  for (const share of shares) {
    const candidate = encodeF16((largest / most) * share);
    const error = groupError(values, decodeF16(candidate), most);
    if (error < best.error) best = { bits: candidate, error };
  }
  return best.bits;
}

/**
 * Quantises W.
 * @param values [out, in], row major
 * @throws EngineError("nonFinite") naming the first row with a value that is none
 */
export function quantiseMatrix(
  values: Float32Array,
  { outSize, inSize }: { readonly outSize: number; readonly inSize: number },
  format: QuantFormat,
): QuantisedMatrix {
  const { bits, valuesPerWord, groupSize, groups, words, scaleWords } = layoutOf(format, inSize);
  const [packed, scales] = [new Uint32Array(outSize * words), new Uint32Array(outSize * scaleWords)];
  const most = 2 ** (bits - 1) - 1;
  const field = 2 ** bits - 1;
  for (let row = 0; row < outSize; row++) {
    const own = values.subarray(row * inSize, (row + 1) * inSize);
    if (!own.every(Number.isFinite)) {
      throw new EngineError(
        "nonFinite",
        `Row ${row} of the weights holds a number that is none: the file is damaged. Download it again.`,
        { row },
      );
    }
    for (let group = 0; group < groups; group++) {
      const first = group * groupSize;
      const members = own.subarray(first, first + groupSize);
      const scaleBits = chooseScale(members, bits);
      const scale = decodeF16(scaleBits);
      const scaleAt = row * scaleWords + (group >> 1);
      scales[scaleAt] = (scales[scaleAt] ?? 0) | (scaleBits << (16 * (group & 1)));
      for (const [offset, value] of members.entries()) {
        const steps = scale === 0 ? 0 : Math.max(-most, Math.min(most, Math.round(value / scale)));
        const at = first + offset;
        const wordAt = row * words + Math.floor(at / valuesPerWord);
        packed[wordAt] = (packed[wordAt] ?? 0) | ((steps & field) << (bits * (at % valuesPerWord)));
      }
    }
  }
  return { format, outSize, inSize, packed, scales };
}

/** @returns [out, in], row major */
export function dequantiseMatrix({ format, outSize, inSize, packed, scales }: QuantisedMatrix): Float32Array {
  const { bits, valuesPerWord, groupSize, words, scaleWords } = layoutOf(format, inSize);
  const values = new Float32Array(outSize * inSize);
  for (let row = 0; row < outSize; row++) {
    for (let at = 0; at < inSize; at++) {
      const group = Math.floor(at / groupSize);
      const scale = decodeF16(
        ((scales[row * scaleWords + (group >> 1)] ?? 0) >>> (16 * (group & 1))) & 0xffff,
      );
      const word = packed[row * words + Math.floor(at / valuesPerWord)] ?? 0;
      // Shifting the field to the top and back down again carries its sign along.
      const steps = (word << (WORD_BITS - bits * ((at % valuesPerWord) + 1))) >> (WORD_BITS - bits);
      values[row * inSize + at] = steps * scale;
    }
  }
  return values;
}

export interface QuantisationError {
  readonly rootMeanSquare: number;
  /** The root mean square over that of the values themselves. */
  readonly relative: number;
  readonly largest: number;
}

/** What quantising lost. @param values [out, in] as before */
export function quantisationError(values: Float32Array, matrix: QuantisedMatrix): QuantisationError {
  const kept = dequantiseMatrix(matrix);
  let [error, power, largest] = [0, 0, 0];
  for (const [at, value] of values.entries()) {
    const lost = Math.abs(value - (kept[at] ?? 0));
    error += lost * lost;
    power += value * value;
    largest = Math.max(largest, lost);
  }
  return {
    rootMeanSquare: Math.sqrt(error / values.length),
    relative: power === 0 ? 0 : Math.sqrt(error / power),
    largest,
  };
}
