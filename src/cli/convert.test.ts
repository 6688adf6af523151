/** From files laid out as the published Show-o to a drawing, for every way that weights are stored. */
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  closeBackend,
  fromFloat32,
  type ImageCodes,
  loadModel,
  openTensors,
  readSafetensors,
  type SafetensorsEntry,
  type UnifiedModel,
  writeSafetensors,
} from "../engine/index.ts";
import { readTensor } from "../engine/tensorFiles/tensorSource.ts";
import { main } from "./main.ts";
import { folderReader } from "./node/files.ts";
import { startNodeBackend } from "./node/nodeBackend.ts";
import { OpenFiles } from "./node/randomAccess.ts";

const TIMEOUT_MS = 120_000;
const FORMATS = ["bin", "safetensors", "sharded"] as const;
/** Matrices of the random model, normal numbers: a step of int8 is 1/254 of a group's largest value, of int4 1/15. */
const LARGEST_ERROR = { int8: 0.01, int4: 0.12 };

/** Three times what was seen (0.020 and 0.11); codes of one drawing are up to two apart. */
const FARTHEST_LOG_PROB = { int8: 0.06, int4: 0.33 };

let root: string;
const printed: string[] = [];

const run = (...args: string[]) => main(["node", "unirl", ...args]);
const at = (...parts: string[]) => join(root, ...parts);
const convert = (original: string, out: string, ...more: string[]) =>
  run(
    ...["convert", "--from", at(original, "showo"), "--vq", at(original, "magvitv2")],
    ...["--llm", at(original, "phi"), "--out", at(out), "--json", ...more],
  );

/** All tensors of an original folder in f32, as one safetensors file. */
async function readOriginal(folder: string): Promise<Uint8Array> {
  const files = new OpenFiles();
  try {
    const source = await openTensors(await files.folder(folder));
    const tensors = new Map<string, SafetensorsEntry>();
    for (const [name, { shape }] of source.tensors) {
      tensors.set(name, fromFloat32(await readTensor(source, name), shape));
    }
    return writeSafetensors(tensors);
  } finally {
    await files.close();
  }
}

/** The original weights as they are, with the converted folder's texts. */
async function openUnconverted(original: string, converted: string, weights: "f32" | "int8" | "int4") {
  const [model, vq] = [
    await readOriginal(at(original, "showo")),
    await readOriginal(at(original, "magvitv2")),
  ];
  const texts = folderReader(at(converted));
  const read = async (name: string) =>
    name === "model.safetensors" ? model : name === "vq.safetensors" ? vq : texts(name);
  return loadModel(read, "unconverted", { weights });
}

const draw = async (model: UnifiedModel) => {
  const [codes] = await model.drawImages({
    prompts: ["a photo of a red dog"],
    seeds: ["0/0"],
    guidanceScale: 2,
    temperature: 1,
    steps: 4,
  });
  if (!codes) throw new Error("nothing was drawn");
  return codes;
};

/** Log-probabilities of a drawing's codes, all hidden. */
const score = async (model: UnifiedModel, codes: ImageCodes) => {
  const prompts = ["a photo of a red dog"];
  const scores = model.imageLogProbs({
    prompts,
    images: [codes],
    hidden: [new Uint8Array(codes.length).fill(1)],
  });
  const values = [...(await scores.data())];
  scores.dispose();
  return values;
};

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "unirl-convert-"));
  vi.spyOn(process.stdout, "write").mockImplementation((text) => printed.push(String(text)) > 0);
  vi.spyOn(process.stderr, "write").mockImplementation((text) => printed.push(String(text)) > 0);
  await startNodeBackend("wasm");
  for (const format of FORMATS)
    expect(await run("fake-checkpoint", "--format", format, "--out", at(format))).toBe(0);
}, TIMEOUT_MS);

afterAll(async () => {
  closeBackend();
  vi.restoreAllMocks();
  await rm(root, { recursive: true });
});

describe("unirl convert", { timeout: TIMEOUT_MS }, () => {
  it("makes the same folder of every format, whichever way it was stored", async () => {
    for (const format of FORMATS) expect(await convert(format, `from-${format}`)).toBe(0);
    const files = (await readdir(at("from-bin"))).toSorted();
    expect(files).toEqual([
      "config.json",
      "model.safetensors",
      "tokenizer.json",
      "tokenizer_config.json",
      "vq.safetensors",
    ]);
    for (const format of FORMATS.slice(1)) {
      for (const file of files) {
        expect(readFileSync(at(`from-${format}`, file)).equals(readFileSync(at("from-bin", file)))).toBe(
          true,
        );
      }
    }
    const report = JSON.parse(printed.findLast((line) => line.startsWith('{"command":"convert"')) ?? "{}");
    expect(report).toMatchObject({
      quant: "int4",
      numbers: expect.any(Number),
      peakMemoryBytes: expect.any(Number),
    });
  });

  it.each(["int8", "int4"] as const)(
    "draws in %s what the original weights draw, packed when opened",
    async (quant) => {
      expect(await convert("bin", quant, "--quant", quant)).toBe(0);
      const converted = await loadModel(folderReader(at(quant)), "converted", { weights: quant });
      const packed = await openUnconverted("bin", quant, quant);
      const codes = await draw(converted);
      expect([...codes]).toEqual([...(await draw(packed))]);
      const [image] = await converted.decodeImages([codes]);
      const [expected] = await packed.decodeImages([codes]);
      // The tokenizer's convolutions lost at most 2⁻¹¹ of themselves: a pixel may fall to the next of 256 values or two.
      const far = image?.rgb.reduce(
        (most, value, pixel) => Math.max(most, Math.abs(value - (expected?.rgb[pixel] ?? 0))),
        0,
      );
      expect(far).toBeLessThanOrEqual(3);
      expect(new Set(image?.rgb).size).toBeGreaterThan(10);
      const original = await openUnconverted("bin", quant, "f32");
      const [scores, exact] = [await score(converted, codes), await score(original, codes)];
      const differences = scores.map((value, place) => Math.abs(value - (exact[place] ?? 0)));
      expect(Math.max(...differences)).toBeLessThan(FARTHEST_LOG_PROB[quant]);
      expect(Math.max(...exact) - Math.min(...exact)).toBeGreaterThan(1);
      for (const model of [converted, packed, original]) model.dispose();
    },
  );

  it.each(["int8", "int4"] as const)("keeps values in %s within its error, opened as f32", async (quant) => {
    const { readStored } = await import("../engine/models/modelFolder.ts");
    const { storedValues } = await import("../engine/models/showo/packing.ts");
    const stored = await readStored(folderReader(at(quant)), "model.safetensors");
    const original = readSafetensors(await readOriginal(at("bin", "showo"))).tensors;
    for (const name of original.keys()) {
      const [values, wanted] = [storedValues(stored, name), storedValues(original, name)];
      const squares = (numbers: Float32Array) => numbers.reduce((sum, number) => sum + number ** 2, 0);
      const error = Math.sqrt(
        squares(values.map((value, place) => value - (wanted[place] ?? 0))) / squares(wanted),
      );
      expect(error).toBeLessThan(LARGEST_ERROR[quant]);
    }
    const opened = await loadModel(folderReader(at(quant)), "opened as f32");
    expect((await draw(opened)).length).toBe(16);
    opened.dispose();
  });

  it("leaves nothing behind when it fails, and names what is wrong", async () => {
    expect(await convert("bin", "from-bin")).toBe(1);
    expect(printed.at(-1)).toMatch(/from-bin exists already/);
    expect(await run("fake-checkpoint", "--out", at("broken"))).toBe(0);
    const path = at("broken", "showo", "pytorch_model.safetensors");
    const { tensors } = readSafetensors(new Uint8Array(readFileSync(path)));
    const head = tensors.get("showo.lm_head.weight");
    if (!head) throw new Error("no head");
    tensors.set("showo.lm_head.weight", { ...head, data: new Uint8Array(head.data.length).fill(255) });
    await writeFile(path, writeSafetensors(tensors));
    expect(await convert("broken", "never")).toBe(1);
    expect(printed.at(-1)).toMatch(/showo\.lm_head\.weight cannot be converted/);
    tensors.delete("showo.lm_head.bias");
    await writeFile(path, writeSafetensors(tensors));
    expect(await convert("broken", "never")).toBe(1);
    expect(printed.at(-1)).toMatch(/showo\.lm_head\.bias is missing/);
    expect((await readdir(root)).filter((name) => name.startsWith("never"))).toEqual([]);
  });
});
