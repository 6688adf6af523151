import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findModelFolder, folderReader, readSprites } from "../../cli/node/files.ts";
import { startNodeBackend } from "../../cli/node/nodeBackend.ts";
import { closeBackend } from "../device/backend.ts";
import { loadModel } from "../models/loadModel.ts";
import type { ReadFile } from "../models/modelFolder.ts";
import type { UnifiedModel } from "../models/unified.ts";
import type { ModelFormat } from "../quant/quantFormat.ts";
import type { Sample } from "../rl/samples.ts";
import { expandInt8Rows } from "../safetensors/int8Rows.ts";
import { readSafetensors, writeSafetensors } from "../safetensors/safetensors.ts";
import { openSprites } from "../world/render.ts";
import { createSplits } from "../world/splits.ts";
import { worldPreset } from "../world/worldSpec.ts";
import {
  attachProbeAdapter,
  computeProbeGradients,
  cosine,
  drawProbeSamples,
  type ProbeGradients,
} from "./gradientAgreement.ts";
import { renderHeldOutScenes } from "./scenes.ts";

/** Seconds on an idle machine; a busy one may take many times that. */
const TIMEOUT_MS = 300_000;
const SAMPLES = 8;

beforeAll(async () => {
  await startNodeBackend("wasm");
}, TIMEOUT_MS);
afterAll(closeBackend);

/** A shipped model whose file holds the same values in f32, as most models' files do. */
async function readExpanded(id: string): Promise<ReadFile> {
  const read = folderReader(await findModelFolder(`public/models/${id}`));
  const { tensors } = readSafetensors(await read("model.safetensors"));
  const expanded = writeSafetensors(expandInt8Rows(tensors));
  return (path) => (path === "model.safetensors" ? Promise.resolve(expanded) : read(path));
}

async function withFormat<T>(read: ReadFile, weights: ModelFormat, use: (model: UnifiedModel) => Promise<T>) {
  const model = await loadModel(read, weights, { weights });
  attachProbeAdapter(model, 0);
  try {
    return await use(model);
  } finally {
    model.dispose();
  }
}

/** Gradients in f32, int8 and int4 on the same samples. */
async function compareFormats(id: "nano" | "showo-tiny", world: "nano" | "tiny") {
  const read = await readExpanded(id);
  const spec = worldPreset(world);
  const sprites = openSprites(await readSprites(), spec);
  const scenes = renderHeldOutScenes(sprites, createSplits(spec), SAMPLES, 0);
  const [samples, f32] = await withFormat(read, "f32", async (model) => {
    const drawn = await drawProbeSamples(model, scenes, 0);
    return [drawn, await computeProbeGradients(model, drawn)] as const;
  });
  const agreement = async (weights: ModelFormat) => {
    const packed = await withFormat(read, weights, (model) => computeProbeGradients(model, samples));
    return cosine(f32.both, packed.both);
  };
  return { samples, f32, int8: await agreement("int8"), int4: await agreement("int4") };
}

describe("cosine", () => {
  it("is that of the angle", () => {
    expect(cosine(Float32Array.of(3, 4), Float32Array.of(6, 8))).toBe(1);
    expect(cosine(Float32Array.of(1, 0), Float32Array.of(1, 1))).toBeCloseTo(Math.SQRT1_2, 12);
    expect(cosine(Float32Array.of(1, 2), Float32Array.of(-2, 1))).toBe(0);
    expect(cosine(Float32Array.of(0, 0), Float32Array.of(1, 1))).toBeNaN();
  });
});

describe("nano's gradients", () => {
  let samples: Sample[];
  let gradients: ProbeGradients;
  let model: UnifiedModel;

  beforeAll(async () => {
    model = await loadModel(await readExpanded("nano"), "nano");
    attachProbeAdapter(model, 0);
    const spec = worldPreset("nano");
    const sprites = openSprites(await readSprites(), spec);
    samples = await drawProbeSamples(model, renderHeldOutScenes(sprites, createSplits(spec), 20, 0), 0);
    gradients = await computeProbeGradients(model, samples);
  }, TIMEOUT_MS);

  it("are of samples pushed both ways and hidden in several", () => {
    expect(samples.map(({ signal }) => signal.image).slice(0, 3)).toEqual([1, -1, 1]);
    const hidden = samples.map(({ views }) => views[0]?.hidden.reduce((sum, bit) => sum + bit, 0));
    expect(new Set(hidden).size).toBeGreaterThan(1);
    expect(samples.every(({ answer, views }) => answer.length > 0 && views.length === 1)).toBe(true);
  });

  it("reach A and B, are the sum of both terms, and come out the same again", async () => {
    let start = 0;
    for (const { name, variable } of model.adapterVariables()) {
      const part = gradients.both.subarray(start, start + variable.size);
      expect([name, part.some((value) => value !== 0)]).toEqual([name, true]);
      start += variable.size;
    }
    expect(start).toBe(gradients.both.length);
    expect(gradients.both[7]).toBeCloseTo((gradients.image[7] ?? 0) + (gradients.answer[7] ?? 0), 7);
    expect(await computeProbeGradients(model, samples)).toEqual(gradients);
    // The passes' cut is no part of the result.
    const [first, second] = [samples.slice(0, 4), samples.slice(4)];
    const parts = [await computeProbeGradients(model, first), await computeProbeGradients(model, second)];
    const joined = parts[0]?.both.map(
      (value, at) => (value * first.length + (parts[1]?.both[at] ?? 0) * second.length) / samples.length,
    );
    expect(cosine(gradients.both, joined ?? new Float32Array())).toBeGreaterThan(0.999999);
  });
});

describe("what packing does to them", () => {
  it.each([
    ["nano", "nano"],
    ["showo-tiny", "tiny"],
  ] as const)(
    "%s: f32's direction, to a cosine of 0.999 in int8 and 0.98 in int4",
    async (id, world) => {
      const { f32, int8, int4 } = await compareFormats(id, world);
      expect(f32.both.some((value) => Math.abs(value) > 1e-4)).toBe(true);
      expect(int8).toBeGreaterThan(0.999);
      expect(int8).toBeLessThan(1);
      expect(int4).toBeGreaterThan(0.98);
      expect(int4).toBeLessThan(int8);
    },
    TIMEOUT_MS,
  );
});
