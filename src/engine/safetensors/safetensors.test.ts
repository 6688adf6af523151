import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readSafetensors, type SafetensorsEntry, writeSafetensors } from "./safetensors.ts";
import { fromFloat32, toFloat32 } from "./toFloat32.ts";

const sample = new Map<string, SafetensorsEntry>([
  ["a", fromFloat32(Float32Array.of(1.5, -2, 0.25), [3])],
  ["b", { dtype: "U8", shape: [2, 2], data: Uint8Array.of(1, 2, 3, 255) }],
  ["empty", { dtype: "I64", shape: [0, 4], data: new Uint8Array() }],
]);

/** A file with any header text over `dataBytes` bytes. */
function craft(header: string, dataBytes: number): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 8);
  return bytes;
}

const entry = (begin: number, end: number, shape = [end - begin], dtype = "U8") =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] });

describe("safetensors", () => {
  it("reads back what it wrote, data aligned to 8 bytes", () => {
    const bytes = writeSafetensors(sample, { format: "pt", note: "é" });
    const { tensors, metadata } = readSafetensors(bytes);
    expect(metadata).toEqual({ format: "pt", note: "é" });
    expect([...tensors.keys()]).toEqual(["a", "b", "empty"]);
    for (const [name, { dtype, shape, data }] of sample) {
      expect(tensors.get(name)).toEqual({ dtype, shape, data });
    }
    const headerBytes = new DataView(bytes.buffer).getUint32(0, true);
    expect((8 + headerBytes) % 8).toBe(0);
  });

  it("reads a file that lies at an odd offset of a larger buffer", () => {
    const bytes = writeSafetensors(sample);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const a = readSafetensors(shifted.subarray(3)).tensors.get("a");
    expect(a && [...toFloat32(a)]).toEqual([1.5, -2, 0.25]);
  });

  it("refuses to write an entry whose bytes do not fit", () => {
    const wrong = new Map([["x", { dtype: "F32", shape: [2], data: new Uint8Array(4) } as const]]);
    expect(() => writeSafetensors(wrong)).toThrow(expect.objectContaining({ code: "badInput" }));
  });

  it.each([
    ["shorter than its length field", new Uint8Array(5)],
    ["header longer than the file", Uint8Array.of(200, 0, 0, 0, 0, 0, 0, 0, 123, 125)],
    ["header length above 2^32", Uint8Array.of(2, 0, 0, 0, 1, 0, 0, 0, 123, 125)],
    ["no JSON", craft("{nope", 0)],
    ["no UTF-8", craft('{"a":1}', 0).fill(0xff, 9, 11)],
    ["a JSON list", craft("[]", 0)],
    ["an entry that is no object", craft('{"a":3}', 0)],
    ["an unknown dtype", craft(`{"a":${entry(0, 1, [1], "F7")}}`, 1)],
    ["a negative dimension", craft(`{"a":${entry(0, 1, [-1])}}`, 1)],
    ["no offsets", craft('{"a":{"dtype":"U8","shape":[1]}}', 1)],
    ["offsets the wrong way round", craft(`{"a":${entry(1, 0, [1])}}`, 1)],
    ["offsets outside the file", craft(`{"a":${entry(0, 9)}}`, 8)],
    ["bytes that do not fit the shape", craft(`{"a":${entry(0, 8, [3], "F32")}}`, 8)],
    ["an overlap", craft(`{"a":${entry(0, 4)},"b":${entry(2, 6)}}`, 6)],
    ["a gap", craft(`{"a":${entry(0, 2)},"b":${entry(4, 6)}}`, 6)],
    ["a gap at the start", craft(`{"a":${entry(2, 4)}}`, 4)],
    ["bytes after the last tensor", craft(`{"a":${entry(0, 2)}}`, 3)],
    ["a duplicate name", craft(`{"a":${entry(0, 2)},"a":${entry(2, 4)}}`, 4)],
    ["an escaped duplicate name", craft(`{"a":${entry(0, 2)},"\\u0061":${entry(2, 4)}}`, 4)],
    ["metadata that is not text", craft('{"__metadata__":{"a":1}}', 0)],
  ])("rejects %s", (_, bytes) => {
    expect(() => readSafetensors(bytes)).toThrow(expect.objectContaining({ code: "fileCorrupt" }));
  });

  it("rejects every truncation of a good file", () => {
    const bytes = writeSafetensors(sample, { format: "pt" });
    for (let length = 0; length < bytes.length; length++) {
      expect(() => readSafetensors(bytes.subarray(0, length))).toThrow(
        expect.objectContaining({ code: "fileCorrupt" }),
      );
    }
  });

  it("does not take equal keys inside entries for duplicate tensors", () => {
    const header = `{"x{\\"":${entry(0, 1)},"dtype":${entry(1, 2)},"shape":${entry(2, 3)}}`;
    expect([...readSafetensors(craft(header, 3)).tensors.keys()]).toEqual(['x{"', "dtype", "shape"]);
  });
});

describe("toFloat32", () => {
  const decode = (dtype: SafetensorsEntry["dtype"], data: number[], elements: number) => [
    ...toFloat32({ dtype, shape: [elements], data: Uint8Array.from(data) }),
  ];

  it("decodes halves: one, minus two, largest, smallest subnormal, zeros, infinity, not a number", () => {
    const bytes = [0, 0x3c, 0, 0xc0, 0xff, 0x7b, 1, 0, 0, 0x80, 0, 0x7c, 1, 0x7c];
    expect(decode("F16", bytes, 7)).toEqual([
      1,
      -2,
      65504,
      2 ** -24,
      -0,
      Number.POSITIVE_INFINITY,
      Number.NaN,
    ]);
  });

  it("decodes every other dtype", () => {
    expect(decode("BF16", [0x80, 0x3f, 0x20, 0xc0], 2)).toEqual([1, -2.5]);
    expect(decode("I8", [255, 127], 2)).toEqual([-1, 127]);
    expect(decode("U8", [255], 1)).toEqual([255]);
    expect(decode("BOOL", [1, 0], 2)).toEqual([1, 0]);
    expect(decode("I16", [0xfe, 0xff], 1)).toEqual([-2]);
    expect(decode("U16", [0xfe, 0xff], 1)).toEqual([65534]);
    expect(decode("I32", [0xfd, 0xff, 0xff, 0xff], 1)).toEqual([-3]);
    expect(decode("U32", [0, 0, 0, 0x80], 1)).toEqual([2 ** 31]);
    expect(decode("I64", [0xfc, 255, 255, 255, 255, 255, 255, 255], 1)).toEqual([-4]);
    expect(decode("F64", [0, 0, 0, 0, 0, 0, 0xf0, 0x3f], 1)).toEqual([1]);
    expect(decode("F32", [0, 0, 0x80, 0x3f], 1)).toEqual([1]);
  });
});

const repositoryRoot = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const sharedFolder = process.env.UNIRL_SHARED ?? join(repositoryRoot, "../shared");
const goldenFile = join(sharedFolder, "golden/showo-a/model.safetensors");

describe.skipIf(!existsSync(goldenFile))("readSafetensors on a file written by PyTorch", () => {
  it("reads finite weights of the stated shapes and writes the same tensors again", () => {
    const { tensors, metadata } = readSafetensors(new Uint8Array(readFileSync(goldenFile)));
    expect(tensors.size).toBeGreaterThan(10);
    for (const item of tensors.values()) {
      const values = toFloat32(item);
      expect(values).toHaveLength(item.shape.reduce((a, b) => a * b, 1));
      expect(values.every(Number.isFinite)).toBe(true);
    }
    expect(readSafetensors(writeSafetensors(tensors, metadata)).tensors).toEqual(tensors);
  });
});
