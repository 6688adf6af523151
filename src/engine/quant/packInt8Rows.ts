/** Integers that a file stores already, with a scale a row, in the format that keeps them. */
import { EngineError } from "../errors.ts";
import { decodeF16, encodeF16 } from "../safetensors/float16.ts";
import type { Int8Rows } from "../safetensors/int8Rows.ts";
import { layoutOf, type MatrixSizes, type QuantisedMatrix } from "./quantFormat.ts";

/**
 * Packs stored integers as "int8Row", every one as it is; quantising their values anew would move most of them once more.
 * Only a row's scale changes: to the nearest f16, off by at most 2⁻¹¹ of itself where it is at least 2⁻¹⁴, and by 2⁻²⁵
 * below.
 * @throws EngineError("nonFinite") or EngineError("badInput") for a scale that is no number, or too large for an f16
 */
export function packInt8Rows(
  { values, scales }: Int8Rows,
  { outSize, inSize }: MatrixSizes,
): QuantisedMatrix {
  const { groupSize, wordsPerRow, scaleWordsPerRow } = layoutOf("int8Row", { outSize, inSize });
  const packed = new Uint32Array(outSize * wordsPerRow);
  const packedScales = new Uint32Array(outSize * scaleWordsPerRow);
  // Every platform with WebGPU or wasm is little-endian: the first of four bytes is a word's lowest.
  const bytes = new Int8Array(packed.buffer);
  for (let row = 0; row < outSize; row++) {
    const scale = scales[row] ?? Number.NaN;
    const bits = encodeF16(scale);
    if (!Number.isFinite(decodeF16(bits))) {
      const code = Number.isFinite(scale) ? "badInput" : "nonFinite";
      throw new EngineError(code, `Row ${row} of the matrix has the scale ${scale}, which no f16 can hold.`, {
        row,
      });
    }
    bytes.set(values.subarray(row * inSize, (row + 1) * inSize), row * wordsPerRow * 4);
    packedScales[row * scaleWordsPerRow] = bits;
  }
  return { format: "int8Row", groupSize, outSize, inSize, packed, scales: packedScales };
}
