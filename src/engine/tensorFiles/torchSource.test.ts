import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { EngineError } from "../errors.ts";
import { createRng } from "../rng.ts";
import { writeSafetensors } from "../safetensors/safetensors.ts";
import { fromFloat32 } from "../safetensors/toFloat32.ts";
import { type ByteSource, sourceOfBytes } from "./byteSource.ts";
import { openTensorFile, openTensors, type TensorFolder } from "./openTensors.ts";
import { readTensor, type TensorSource } from "./tensorSource.ts";
import { unpickle } from "./unpickle.ts";

const folder = fileURLToPath(new URL("__fixtures__/", import.meta.url));
/** Written by PyTorch: see writeTorchFiles.py beside them. */
const fixture = (name: string) => new Uint8Array(readFileSync(join(folder, name)));
const open = (name: string) => openTensorFile(sourceOfBytes(name, fixture(name)));
const read = async (source: TensorSource, name: string) => [...(await readTensor(source, name))];

describe("a file of torch.save", () => {
  it("lists names, dtypes and shapes in order", async () => {
    const { tensors } = await open("state.bin");
    const listed = [...tensors].map(([name, { dtype, shape }]) => `${name} ${dtype} ${shape.join("x")}`);
    expect(listed).toEqual([
      "f32 F32 4x6",
      "f16 F16 2x2",
      "bf16 BF16 3",
      "f64 F64 1",
      "i64 I64 2x2",
      "bool BOOL 2",
      "scalar F32 ",
      "empty F32 0x3",
      "transposed F32 6x4",
      "shared F32 4",
      "strided F32 2x2x2",
      "repeated F32 2x3",
      "parameter F32 2",
    ]);
  });

  it("reads every dtype", async () => {
    const source = await open("state.bin");
    expect(await read(source, "f32")).toEqual(Array.from({ length: 24 }, (_, at) => at / 8));
    expect(await read(source, "f16")).toEqual([1.5, -2, 65504, 2 ** -24]);
    expect(await read(source, "bf16")).toEqual([1, -2.5, (226 / 128) * 2 ** 127]);
    expect(await read(source, "f64")).toEqual([Math.fround(0.1)]);
    expect(await read(source, "i64")).toEqual([1, -2, 3, 2 ** 40]);
    expect(await read(source, "bool")).toEqual([1, 0]);
    expect(await read(source, "scalar")).toEqual([7]);
    expect(await read(source, "empty")).toEqual([]);
    expect(await read(source, "parameter")).toEqual([0.25, 0.5]);
  });

  it("reads views: transposed, shared, strided and repeated", async () => {
    const source = await open("state.bin");
    const transposed = Array.from({ length: 24 }, (_, at) => (at % 4) * 6 + Math.floor(at / 4));
    expect(await read(source, "transposed")).toEqual(transposed);
    expect(await read(source, "shared")).toEqual([3, 4, 5, 6]);
    expect(await read(source, "strided")).toEqual([4, 6, 8, 10, 16, 18, 20, 22]);
    expect(await read(source, "repeated")).toEqual([5, 5, 5, 6, 6, 6]);
  });

  it("reads some rows of a tensor, and no others", async () => {
    const source = await open("state.bin");
    expect([...(await source.readRows("f32", 1, 2))]).toEqual(
      Array.from({ length: 12 }, (_, at) => (at + 6) / 8),
    );
    expect([...(await source.readRows("transposed", 4, 2))]).toEqual([4, 10, 16, 22, 5, 11, 17, 23]);
    expect([...(await source.readRows("f32", 4, 0))]).toEqual([]);
    await expect(source.readRows("f32", 3, 2)).rejects.toMatchObject({ code: "badInput" });
    await expect(source.readRows("absent", 0, 1)).rejects.toThrow(/no tensor absent/);
  });

  it("finds the tensors of a trainer's file under state_dict", async () => {
    const source = await open("nested.pt");
    expect([...source.tensors.keys()]).toEqual(["weight", "bias"]);
    expect(await read(source, "weight")).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await read(source, "bias")).toEqual([-1, 0, 1]);
  });

  it.each([
    ["malicious.pt", /asks for posix\.system/],
    ["module.pt", /asks for torch\.nn\.modules\.linear\.Linear/],
    ["old.pt", /before version 1\.6/],
  ])("refuses %s by name", async (name, message) => {
    const error = await open(name).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: "fileUnknown" });
    expect(error.message).toMatch(message);
  });
});

describe("unpickle", () => {
  const bytesOf = (...parts: (number | string)[]) =>
    Uint8Array.from(
      parts.flatMap((part) => (typeof part === "number" ? [part] : [...new TextEncoder().encode(part)])),
    );
  const fail = (bytes: Uint8Array): EngineError => {
    try {
      unpickle("crafted", bytes);
    } catch (thrown) {
      if (thrown instanceof EngineError) return thrown;
      throw thrown;
    }
    throw new Error("it was read");
  };

  it.each([
    ["another protocol", bytesOf(0x80, 4), /pickle protocol 4/],
    ["the old way to make an object", bytesOf(0x80, 2, "(ios\nsystem\n."), /INST \(0x69\)/],
    ["a class of Python", bytesOf(0x80, 2, "c__builtin__\neval\n."), /__builtin__\.eval/],
    ["a name of torch that is not listed", bytesOf(0x80, 2, "ctorch\nload\n."), /torch\.load/],
    ["a name from the prototype", bytesOf(0x80, 2, "ctorch\nconstructor\n."), /torch\.constructor/],
    ["an object", bytesOf(0x80, 2, ")", 0x81), /NEWOBJ \(0x81\)/],
    ["a byte that is none", bytesOf(0x80, 2, 0xff), /unknown \(0xff\)/],
    ["attributes of a tuple", bytesOf(0x80, 2, ")}b."), /BUILD/],
    ["a call of a type", bytesOf(0x80, 2, "ctorch\nFloatStorage\n)R."), /call of torch\.FloatStorage/],
  ])("refuses %s", (_, bytes, message) => {
    const error = fail(bytes);
    expect(error.code).toBe("fileUnknown");
    expect(error.message).toMatch(message);
  });

  it.each([
    ["nothing", bytesOf()],
    ["no end", bytesOf(0x80, 2, "}")],
    ["an end without a value", bytesOf(0x80, 2, ".")],
    ["a memory that is not there", bytesOf(0x80, 2, "h", 7, ".")],
    ["marks without end", new Uint8Array(1_000_000).fill(0x28)],
    ["dictionaries without end", new Uint8Array(2_000_000).fill(0x7d)],
    ["a text longer than the file", bytesOf(0x80, 2, "X", 255, 255, 255, 255, "a.")],
    ["a call of nothing", bytesOf(0x80, 2, ")", ")R.")],
    ["items of a list", bytesOf(0x80, 2, "]K", 1, "K", 2, "s.")],
    ["a dictionary as a key", bytesOf(0x80, 2, "}}K", 2, "s.")],
    ["a number of 255 bytes", bytesOf(0x80, 2, 0x8a, 255, ".")],
  ])("calls %s damaged", (_, bytes) => {
    expect(fail(bytes).code).toBe("fileCorrupt");
  });
});

// One that never ends is caught by the time limit of the whole.
describe("files that were changed", { timeout: 60_000 }, () => {
  const MUTATIONS = 200;

  /** A copy with a few bytes changed, or cut off. */
  function mutate(bytes: Uint8Array, seed: number): Uint8Array {
    const rng = createRng("mutations", seed);
    const copy = bytes.slice();
    for (let flips = rng.int(6); flips >= 0; flips--) copy[rng.int(copy.length)] = rng.int(256);
    return seed % 4 === 0 ? copy.subarray(0, rng.int(copy.length)) : copy;
  }

  it.each(["state.bin", "nested.pt"])("%s is read or refused, and nothing else", async (name) => {
    const bytes = fixture(name);
    let [whole, refused] = [0, 0];
    for (let seed = 0; seed < MUTATIONS; seed++) {
      try {
        const source = await openTensorFile(sourceOfBytes(name, mutate(bytes, seed)));
        for (const [tensor, { shape }] of source.tensors)
          await source.readRows(tensor, 0, shape.length === 0 ? 1 : Math.min(4, shape[0] ?? 0));
        whole += 1;
      } catch (thrown) {
        if (!(thrown instanceof EngineError)) throw thrown;
        refused += 1;
      }
    }
    expect(whole).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(MUTATIONS / 4);
  });
});

describe("a zip", () => {
  const openZip = (files: Record<string, Uint8Array>, level: 0 | 6) =>
    openTensorFile(sourceOfBytes("crafted.zip", zipSync(files, { level })));
  const list = Uint8Array.of(0x80, 2, 0x7d, 0x2e);

  it("of another program is refused by what is wrong with it", async () => {
    await expect(openZip({ "a/data.pkl": new Uint8Array(99) }, 6)).rejects.toThrow(/a\/data\.pkl compressed/);
    await expect(openZip({ "a/readme": list }, 0)).rejects.toThrow(/has 0 lists of tensors/);
    await expect(openZip({ "a/data.pkl": list, "b/data.pkl": list }, 0)).rejects.toThrow(/has 2 lists/);
    const big = { "a/data.pkl": list, "a/byteorder": new TextEncoder().encode("big") };
    await expect(openZip(big, 0)).rejects.toThrow(/big-endian/);
    expect((await openZip({ "a/data.pkl": list }, 0)).tensors.size).toBe(0);
  });
});

describe("a folder of weights", () => {
  const shard = (name: string, values: number[]) =>
    writeSafetensors(new Map([[name, fromFloat32(Float32Array.from(values), [values.length])]]));
  const encode = (json: unknown) => new TextEncoder().encode(JSON.stringify(json));
  const folderOf = (files: Record<string, Uint8Array>): TensorFolder => ({
    name: "folder",
    files: Object.keys(files),
    open: async (file): Promise<ByteSource> => sourceOfBytes(file, files[file] ?? new Uint8Array()),
  });
  const index = (map: Record<string, string>) => encode({ metadata: {}, weight_map: map });

  it.each(["model.safetensors", "pytorch_model.bin"])(
    "is one source over the shards of %s",
    async (model) => {
      const source = await openTensors(
        folderOf({
          [`${model}.index.json`]: index({ a: "1.safetensors", weight: "2.bin" }),
          "1.safetensors": shard("a", [1, 2, 3]),
          "2.bin": fixture("nested.pt"),
        }),
      );
      expect([...source.tensors.keys()]).toEqual(["a", "weight"]);
      expect(await read(source, "a")).toEqual([1, 2, 3]);
      expect([...(await source.readRows("weight", 2, 1))]).toEqual([4, 5]);
      await expect(source.readRows("bias", 0, 1)).rejects.toMatchObject({ code: "badInput" });
    },
  );

  it("prefers safetensors, which needs no unpickling", async () => {
    const files = {
      "pytorch_model.bin": fixture("malicious.pt"),
      "pytorch_model.safetensors": shard("a", [4]),
    };
    expect(await read(await openTensors(folderOf(files)), "a")).toEqual([4]);
    const named = { "optimizer.pt": fixture("malicious.pt"), "pytorch_model.bin": fixture("nested.pt") };
    expect(await read(await openTensors(folderOf(named)), "bias")).toEqual([-1, 0, 1]);
  });

  it.each<[string, Record<string, Uint8Array>, string, RegExp]>([
    ["without weights", { "config.json": encode({}) }, "modelMissing", /no weights/],
    ["with two files and no index", { "a.pt": encode(0), "b.pt": encode(0) }, "modelMissing", /a\.pt, b\.pt/],
    ["with a shard missing", { "m.bin.index.json": index({ a: "x.bin" }) }, "modelMissing", /lacks x\.bin/],
    ["with an index that is no JSON", { "m.bin.index.json": encode(0).fill(65) }, "fileCorrupt", /not JSON/],
    ["with an index of nothing", { "m.bin.index.json": encode([]) }, "fileCorrupt", /weight_map/],
    [
      "whose index is of another model",
      { "m.bin.index.json": index({ b: "x" }), x: shard("a", [1]) },
      "fileCorrupt",
      /x has no tensor b/,
    ],
  ])("%s is refused", async (_, files, code, message) => {
    const error = await openTensors(folderOf(files)).catch((thrown) => thrown);
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(message);
  });
});
