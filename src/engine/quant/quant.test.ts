import { describe, expect, it } from "vitest";
import { createRng } from "../rng.ts";
import { decodeF16 } from "../safetensors/float16.ts";
import { readSafetensors, writeSafetensors } from "../safetensors/safetensors.ts";
import {
  dequantiseMatrix,
  layoutOf,
  QUANT_FORMATS,
  type QuantFormat,
  quantisationError,
  quantiseMatrix,
} from "./quantise.ts";
import { readMatrices, storeMatrices } from "./storage.ts";

const FORMATS = Object.keys(QUANT_FORMATS) as QuantFormat[];
const SIZES = [
  { outSize: 1, inSize: 1 },
  { outSize: 3, inSize: 31 },
  { outSize: 5, inSize: 64 },
  { outSize: 2, inSize: 129 },
];

const rng = createRng("quant.test");
const random = (size: number) => rng.normal(size);

describe.each(FORMATS)("%s", (format) => {
  it.each(SIZES)("keeps each value within half a step, or its group's best: $outSize × $inSize", (sizes) => {
    const values = random(sizes.outSize * sizes.inSize);
    const matrix = quantiseMatrix(values, sizes, format);
    const kept = dequantiseMatrix(matrix);
    const { bits, groupSize, scaleWords } = layoutOf(format, sizes.inSize);
    const reach = 2 ** (bits - 1) - 1;
    for (const [at, value] of values.entries()) {
      const [row, column] = [Math.floor(at / sizes.inSize), at % sizes.inSize];
      const group = Math.floor(column / groupSize);
      const word = matrix.scales[row * scaleWords + (group >> 1)] ?? 0;
      const scale = decodeF16((word >>> (16 * (group & 1))) & 0xffff);
      const isCut = Math.abs(value) > (reach + 0.5) * scale;
      if (isCut) expect(Math.abs(kept[at] ?? 0)).toBeCloseTo(reach * scale, 6);
      else expect(Math.abs(value - (kept[at] ?? 0))).toBeLessThanOrEqual(scale / 2 + 1e-7);
    }
  });

  it("is exact for whole steps of both signs, and for zeros", () => {
    const reach = 2 ** (QUANT_FORMATS[format].bits - 1) - 1;
    const values = Float32Array.from({ length: 64 }, (_, at) => ((at % (2 * reach + 1)) - reach) * 0.25);
    values[31] = reach * 0.25;
    values[63] = -reach * 0.25;
    expect(dequantiseMatrix(quantiseMatrix(values, { outSize: 1, inSize: 64 }, format))).toEqual(values);
    const zeros = new Float32Array(70);
    expect([...dequantiseMatrix(quantiseMatrix(zeros, { outSize: 2, inSize: 35 }, format))]).toEqual([
      ...zeros,
    ]);
  });

  it("survives its file", () => {
    const matrix = quantiseMatrix(random(3 * 40), { outSize: 3, inSize: 40 }, format);
    const { tensors, metadata } = storeMatrices(new Map([["layer.weight", matrix]]));
    const read = readMatrices(readSafetensors(writeSafetensors(tensors, metadata)));
    expect(read.get("layer.weight")).toEqual(matrix);
  });
});

describe("quantisation", () => {
  it("packs the first value into the lowest bits, two's complement", () => {
    const { packed, scales } = quantiseMatrix(
      Float32Array.of(7, -1, 0, 3),
      { outSize: 1, inSize: 4 },
      "int4",
    );
    expect(packed[0]).toBe(0x30f7);
    expect(decodeF16((scales[0] ?? 0) & 0xffff)).toBe(1);
  });

  it("loses less in more bits and in smaller groups", () => {
    const sizes = { outSize: 8, inSize: 256 };
    const values = random(sizes.outSize * sizes.inSize);
    const errorOf = (format: QuantFormat) =>
      quantisationError(values, quantiseMatrix(values, sizes, format)).relative;
    expect(errorOf("int8")).toBeLessThan(errorOf("int8Rows"));
    expect(errorOf("int8Rows")).toBeLessThan(errorOf("int4"));
    expect(errorOf("int4")).toBeLessThan(errorOf("int4Wide"));
    expect(errorOf("int8")).toBeLessThan(0.006);
    expect(errorOf("int4Wide")).toBeLessThan(0.13);
  });

  it("measures what was lost", () => {
    const values = Float32Array.of(1, 0.5, 0.25, 0);
    const matrix = quantiseMatrix(values, { outSize: 1, inSize: 4 }, "int8Rows");
    const kept = dequantiseMatrix(matrix);
    const lost = values.map((value, at) => value - (kept[at] ?? 0));
    const power = lost.reduce((sum, value) => sum + value * value, 0);
    const { rootMeanSquare, relative, largest } = quantisationError(values, matrix);
    expect(rootMeanSquare).toBeCloseTo(Math.sqrt(power / 4), 9);
    expect(relative).toBeCloseTo(Math.sqrt(power / 1.3125), 9);
    expect(largest).toBeCloseTo(Math.max(...lost.map(Math.abs)), 9);
  });

  it("refuses what is no number, and names the row", () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const values = Float32Array.of(1, 2, 3, bad);
      expect(() => quantiseMatrix(values, { outSize: 2, inSize: 2 }, "int8")).toThrow("Row 1");
    }
  });

  it("refuses files of another version or with other tensors than they say", () => {
    const matrix = quantiseMatrix(random(32), { outSize: 1, inSize: 32 }, "int4");
    const { tensors, metadata } = storeMatrices(new Map([["w", matrix]]));
    const other = { quantisation: (metadata.quantisation ?? "").replace('"version":1', '"version":2') };
    expect(() => readMatrices({ tensors, metadata: other })).toThrow("not of version 1");
    expect(() => readMatrices({ tensors, metadata: { quantisation: "{" } })).toThrow("no JSON");
    tensors.delete("w.scales");
    expect(() => readMatrices({ tensors, metadata })).toThrow("w.scales should be U32 [1, 1]");
    expect(readMatrices({ tensors: new Map(), metadata: {} }).size).toBe(0);
  });
});
