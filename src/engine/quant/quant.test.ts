import { describe, expect, it } from "vitest";
import { createRng } from "../rng.ts";
import { decodeF16, encodeF16AwayFromZero } from "../safetensors/float16.ts";
import { readSafetensors, type SafetensorsFile, writeSafetensors } from "../safetensors/safetensors.ts";
import { packInt8Rows } from "./packInt8Rows.ts";
import { QUANTISATION_KEY, readQuantised, writeQuantised } from "./quantFile.ts";
import {
  layoutOf,
  matrixBytes,
  QUANT_FORMATS,
  type QuantFormat,
  type QuantisedMatrix,
  takeMatrixRows,
} from "./quantFormat.ts";
import { dequantiseMatrix, quantisationError, quantiseMatrix } from "./quantiseMatrix.ts";

const FORMATS = Object.keys(QUANT_FORMATS) as QuantFormat[];
const rng = createRng("quant.test");

function scaleOf(matrix: QuantisedMatrix, row: number, column: number): number {
  const { groupSize, scaleWordsPerRow } = layoutOf(matrix.format, matrix);
  const group = Math.floor(column / groupSize);
  const word = matrix.scales[row * scaleWordsPerRow + (group >>> 1)] ?? Number.NaN;
  return decodeF16((word >>> (16 * (group % 2))) & 0xffff);
}

const hex = (words: Uint32Array) => [...words].map((word) => word.toString(16).padStart(8, "0"));

describe("packing", () => {
  it("lays int8 out four to a word, low byte first, two scales to a word", () => {
    const values = new Float32Array(2 * 33);
    values.set([127, -1, 2, -127, 5], 0);
    values[32] = -254;
    values[33] = 63.5;
    const { packed, scales, groupSize } = quantiseMatrix(values, { outSize: 2, inSize: 33 }, "int8");
    expect(groupSize).toBe(32);
    // 33 columns are two groups of 32: 16 words a row.
    expect(packed).toHaveLength(32);
    expect(hex(packed.subarray(0, 3))).toEqual(["8102ff7f", "00000005", "00000000"]);
    expect(hex(packed.subarray(8, 9))).toEqual(["00000081"]);
    expect(hex(packed.subarray(16, 17))).toEqual(["0000007f"]);
    // 1.0 = 3c00, 2.0 = 4000, 0.5 = 3800
    expect(hex(scales)).toEqual(["40003c00", "00003800"]);
  });

  it("lays int4 out eight to a word, low nibble first", () => {
    const values = Float32Array.of(7, -7, 1, 0, -1, 2, 3, -4, 5);
    const { packed, scales } = quantiseMatrix(values, { outSize: 1, inSize: 9 }, "int4");
    expect(hex(packed)).toEqual(["c32f0197", "00000005", "00000000", "00000000"]);
    expect(hex(scales)).toEqual(["00003c00"]);
  });

  it("uses int4's −8 for the value of the largest magnitude, whatever its sign", () => {
    for (const sign of [1, -1]) {
      const values = Float32Array.of(8, -7, 5, 3, -2, 1, 6, -4).map((value) => sign * value);
      const matrix = quantiseMatrix(values, { outSize: 1, inSize: 8 }, "int4");
      expect([...dequantiseMatrix(matrix)]).toEqual([...values]);
    }
  });

  it("keeps one scale a row in int8Row", () => {
    const values = new Float32Array(100).fill(0.5);
    values[99] = 127;
    const { groupSize, packed, scales } = quantiseMatrix(values, { outSize: 1, inSize: 100 }, "int8Row");
    expect([groupSize, packed.length, scales.length]).toEqual([128, 32, 1]);
    expect(hex(packed.subarray(24, 26))).toEqual(["7f010101", "00000000"]);
  });

  it.each(FORMATS)("%s keeps zeros, and a group of zeros beside others", (format) => {
    const values = new Float32Array(130);
    values[129] = 3;
    const matrix = quantiseMatrix(values, { outSize: 1, inSize: 130 }, format);
    const back = dequantiseMatrix(matrix);
    expect(back.subarray(0, 129).every((value) => value === 0)).toBe(true);
    expect(back[129]).toBeCloseTo(3, 2);
    const zeros = quantiseMatrix(new Float32Array(10), { outSize: 2, inSize: 5 }, format);
    expect(zeros.scales.every((word) => word === 0)).toBe(true);
    expect(quantisationError(new Float32Array(10), zeros)).toEqual({
      rootMeanSquare: 0,
      relative: 0,
      largest: 0,
    });
  });

  it.each(FORMATS)("%s stays exact to half a scale for tiny values too", (format) => {
    const values = rng.normal(64).map((value) => value * 1e-6);
    const matrix = quantiseMatrix(values, { outSize: 1, inSize: 64 }, format);
    const { largest } = quantisationError(values, matrix);
    if (format.startsWith("int8")) expect(largest).toBeLessThanOrEqual(scaleOf(matrix, 0, 0) / 2);
    else expect(largest).toBeLessThan(1e-6);
  });
});

describe("what quantising loses", () => {
  const sizes = Array.from({ length: 24 }, () => ({ outSize: 1 + rng.int(7), inSize: 1 + rng.int(200) }));

  it.each(["int8", "int8Row"] as const)("%s: no value is off by more than half its scale", (format) => {
    for (const size of sizes) {
      const values = rng.normal(size.outSize * size.inSize);
      const matrix = quantiseMatrix(values, size, format);
      const back = dequantiseMatrix(matrix);
      for (const [at, value] of values.entries()) {
        const scale = scaleOf(matrix, Math.floor(at / size.inSize), at % size.inSize);
        expect(Math.abs(value - (back[at] ?? Number.NaN))).toBeLessThanOrEqual(scale / 2);
      }
    }
  });

  it.each(["int4", "int4Wide"] as const)(
    "%s: no group is worse than plain rounding to 15 steps",
    (format) => {
      let gained = false;
      for (const size of sizes) {
        const values = rng.normal(size.outSize * size.inSize);
        const back = dequantiseMatrix(quantiseMatrix(values, size, format));
        const { groupSize } = layoutOf(format, size);
        for (let row = 0; row < size.outSize; row++) {
          for (let start = 0; start < size.inSize; start += groupSize) {
            const [from, to] = [
              row * size.inSize + start,
              row * size.inSize + Math.min(start + groupSize, size.inSize),
            ];
            const group = values.subarray(from, to);
            const scale = decodeF16(encodeF16AwayFromZero(Math.max(...group.map(Math.abs)) / 7));
            const plain = group.reduce(
              (sum, value) => sum + (value - Math.round(value / scale) * scale) ** 2,
              0,
            );
            const actual = group.reduce((sum, value, at) => sum + (value - (back[from + at] ?? 0)) ** 2, 0);
            expect(actual).toBeLessThanOrEqual(plain + 1e-9);
            gained ||= actual < plain;
          }
        }
      }
      expect(gained).toBe(true);
    },
  );

  it.each([
    ["int8", 0.006],
    ["int8Row", 0.012],
    ["int4", 0.09],
    ["int4Wide", 0.1],
  ] as const)("%s loses at most %f of normal values", (format, bound) => {
    const values = rng.normal(64 * 256);
    const matrix = quantiseMatrix(values, { outSize: 64, inSize: 256 }, format);
    const { relative, rootMeanSquare, largest } = quantisationError(values, matrix);
    expect(relative).toBeLessThan(bound);
    expect(relative).toBeGreaterThan(bound / 3);
    expect(largest).toBeGreaterThan(rootMeanSquare);
  });

  it.each(FORMATS)("%s: packing what was unpacked changes nothing more", (format) => {
    const size = { outSize: 3, inSize: 97 };
    const once = dequantiseMatrix(quantiseMatrix(rng.normal(3 * 97), size, format));
    const again = quantiseMatrix(once, size, format);
    // int8: the extreme value need not have reached ±127 exactly after the scale was rounded.
    expect(quantisationError(once, again).relative).toBeLessThan(format.startsWith("int8") ? 0.01 : 1e-3);
  });
});

describe("integers that a file stores", () => {
  const size = { outSize: 2, inSize: 33 };
  const values = Int8Array.from({ length: 66 }, (_, at) => ((at * 37) % 255) - 127);

  it("are kept to the last one, with their scale as the nearest half", () => {
    const scales = Float32Array.of(0.1, 3);
    const matrix = packInt8Rows({ values, scales }, size);
    expect(matrix).toMatchObject({ format: "int8Row", groupSize: 64, ...size });
    // 0.1 lies between 1638 and 1639 steps of 2⁻¹⁴, nearer to the former.
    const halves = [1638 / 2 ** 14, 3];
    expect(dequantiseMatrix(matrix)).toEqual(
      Float32Array.from(values, (value, at) => value * (halves[Math.floor(at / 33)] ?? 0)),
    );
  });

  it("are refused with a scale that is no number, or none of f16", () => {
    const pack = (...scales: number[]) => packInt8Rows({ values, scales: Float32Array.from(scales) }, size);
    expect(() => pack(1, Number.NaN)).toThrow(
      expect.objectContaining({ code: "nonFinite", data: { row: 1 } }),
    );
    expect(() => pack(1e6, 1)).toThrow(expect.objectContaining({ code: "badInput", data: { row: 0 } }));
    expect(() => pack(1)).toThrow(expect.objectContaining({ code: "nonFinite" }));
  });
});

describe("some rows of a matrix", () => {
  it.each(FORMATS)("%s: are those rows, in the same memory", (format) => {
    const size = { outSize: 5, inSize: 70 };
    const whole = quantiseMatrix(rng.normal(5 * 70), size, format);
    const part = takeMatrixRows(whole, 1, 3);
    expect(dequantiseMatrix(part)).toEqual(dequantiseMatrix(whole).subarray(70, 4 * 70));
    expect(part.packed.buffer).toBe(whole.packed.buffer);
    expect(matrixBytes(part) / matrixBytes(whole)).toBeCloseTo(3 / 5, 12);
  });

  it("must exist", () => {
    const matrix = quantiseMatrix(new Float32Array(10), { outSize: 2, inSize: 5 }, "int8");
    for (const [start, count] of [
      [-1, 1],
      [1, 2],
      [0, 0],
    ] as const) {
      expect(() => takeMatrixRows(matrix, start, count)).toThrow(RangeError);
    }
  });
});

describe("refusals", () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY])("names the row of %f", (bad) => {
    const values = new Float32Array(12).fill(1);
    values[7] = bad;
    expect(() => quantiseMatrix(values, { outSize: 3, inSize: 4 }, "int4")).toThrow(
      expect.objectContaining({ code: "nonFinite", data: { row: 1, column: 3 } }),
    );
  });

  it("refuses a wrong length, empty matrices and values beyond f16 scales", () => {
    const refused = expect.objectContaining({ code: "badInput" });
    expect(() => quantiseMatrix(new Float32Array(5), { outSize: 2, inSize: 3 }, "int8")).toThrow(refused);
    expect(() => quantiseMatrix(new Float32Array(0), { outSize: 0, inSize: 3 }, "int8")).toThrow(refused);
    expect(() => quantiseMatrix(Float32Array.of(1e9), { outSize: 1, inSize: 1 }, "int8")).toThrow(refused);
  });
});

describe("files", () => {
  const matrices = new Map(
    FORMATS.map((format, at) => {
      const size = { outSize: 3 + at, inSize: 33 + 32 * at };
      return [`layer.${format}.weight`, quantiseMatrix(rng.normal(size.outSize * size.inSize), size, format)];
    }),
  );

  it("reads back what it wrote, beside other tensors and metadata", () => {
    const { tensors, metadata } = writeQuantised(matrices);
    tensors.set("odd", { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 3) });
    const file = readSafetensors(writeSafetensors(tensors, { ...metadata, format: "pt" }));
    expect(readQuantised(file)).toEqual(matrices);
    expect(readQuantised(readSafetensors(writeSafetensors(new Map())))).toEqual(new Map());
  });

  const change = (edit: (json: Record<string, unknown>, file: SafetensorsFile) => void): SafetensorsFile => {
    const file = writeQuantised(matrices);
    const json = JSON.parse(file.metadata[QUANTISATION_KEY] ?? "") as Record<string, unknown>;
    edit(json, file);
    return { ...file, metadata: { [QUANTISATION_KEY]: JSON.stringify(json) } };
  };
  const withMatrix = (changes: object) =>
    change((json) => {
      json.matrices = {
        "layer.int8.weight": { format: "int8", groupSize: 32, outSize: 3, inSize: 33, ...changes },
      };
    });

  it.each([
    ["an unknown version", change((json) => Object.assign(json, { version: 2 }))],
    ["no version", change((json) => delete json.version)],
    ["an unknown format", withMatrix({ format: "int3" })],
    ["another group size", withMatrix({ groupSize: 64 })],
    ["sizes that do not fit", withMatrix({ inSize: 65 })],
    ["sizes that are no counts", withMatrix({ inSize: 0.5 })],
    ["a missing tensor", change((_, { tensors }) => tensors.delete("layer.int4.weight.scales"))],
    ["text that is no JSON", { tensors: new Map(), metadata: { [QUANTISATION_KEY]: "{" } }],
    ["a list", { tensors: new Map(), metadata: { [QUANTISATION_KEY]: "[]" } }],
  ])("refuses %s", (_, file) => {
    expect(() => readQuantised(file)).toThrow(expect.objectContaining({ code: "fileCorrupt" }));
  });

  it("accepts the unchanged metadata that the refusals start from", () => {
    expect([...readQuantised(withMatrix({})).keys()]).toEqual(["layer.int8.weight"]);
  });
});
