import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import type { ImageCodes, ImageU8, UnifiedModel } from "../models/unified.ts";
import { openSprites } from "../world/render.ts";
import { answerOf, TAGS } from "../world/sentences.ts";
import { createSplits, type ListedPrompt, type Splits } from "../world/splits.ts";
import { worldPreset } from "../world/worldSpec.ts";
import { mapBatches } from "./batches.ts";
import { makeContactSheet } from "./contactSheet.ts";
import { evaluateReconstruction, imageDistance } from "./reconstruction.ts";
import { type RenderedScene, renderHeldOutScenes } from "./scenes.ts";
import { evaluateSelfReward, limitPrompts } from "./selfReward.ts";
import { evaluateUnderstanding } from "./understanding.ts";

const spec = worldPreset("nano");
const SCENES = 60;
let splits: Splits;
let scenes: RenderedScene[];

beforeAll(async () => {
  const bytes = await readFile(new URL("../../../public/world/sprites.safetensors", import.meta.url));
  splits = createSplits(spec);
  scenes = renderHeldOutScenes(openSprites(new Uint8Array(bytes), spec), splits, SCENES, 7);
});

/** Sees pictures perfectly: its code of a picture is the picture's place in the list of scenes, −1 for others. */
function seeingModel(): UnifiedModel {
  const placeOf = (image: ImageU8) =>
    scenes.findIndex((scene) => scene.image.rgb.join() === image.rgb.join());
  const partial: Partial<UnifiedModel> = {
    encodeImages: async (images) => images.map((image) => Int32Array.of(placeOf(image))),
    decodeImages: async (codes) =>
      codes.map(([place]) => {
        const { image } = scenes[place ?? 0] as RenderedScene;
        // One grey step brighter everywhere it can be.
        return { ...image, rgb: image.rgb.map((value) => Math.min(255, value + 1)) };
      }),
    answerQuestions: async ({ images }) =>
      images.map(([place]) => {
        const scene = scenes[place ?? -1];
        const text = scene ? answerOf(scene.metadata) : "nothing";
        return { text, tokens: new Int32Array(), logProbs: new Float32Array() };
      }),
  };
  return partial as UnifiedModel;
}

/** Draws what it is told where the seed's number is even; answers with the prompt's own gold answer then. */
function drawingModel(calls: { seeds: string[] }): UnifiedModel {
  const gold = new Map(splits.validation.map(({ metadata }) => [metadata.prompt, answerOf(metadata)]));
  const drawn: (string | undefined)[] = [];
  const partial: Partial<UnifiedModel> = {
    drawImages: async ({ prompts, seeds }) =>
      prompts.map((prompt, at): ImageCodes => {
        const seed = seeds[at] ?? "";
        calls.seeds.push(seed);
        drawn.push(seed.endsWith("/0") ? gold.get(prompt) : "");
        return Int32Array.of(drawn.length - 1);
      }),
    answerQuestions: async ({ images }) =>
      images.map(([place]) => ({
        text: drawn[place ?? -1] ?? "",
        tokens: new Int32Array(),
        logProbs: new Float32Array(),
      })),
  };
  return partial as UnifiedModel;
}

describe("held-out scenes", () => {
  it("are held out, of all tags in turn, and the same for the same seed", () => {
    expect(scenes.slice(0, TAGS.length).map(({ metadata }) => metadata.tag)).toEqual(TAGS);
    const others = scenes.filter(({ metadata }) => metadata.tag !== "single_object");
    expect(others.every(({ metadata }) => splits.isHeldOut(metadata))).toBe(true);
  });
});

describe("evaluateUnderstanding", () => {
  it("gives a perfect eye full marks, and none once the picture is blanked or swapped", async () => {
    const model = seeingModel();
    const batches: number[] = [];
    const real = await evaluateUnderstanding(model, scenes, "real", {
      batchSize: 25,
      onProgress: (done) => batches.push(done),
    });
    expect(real.exact).toMatchObject({ mean: 1, count: SCENES });
    expect(real.exactByTag.counting).toMatchObject({ mean: 1, count: SCENES / TAGS.length });
    expect(batches).toEqual([25, 50, 60]);
    expect((await evaluateUnderstanding(model, scenes, "blanked")).exact.mean).toBe(0);
    expect((await evaluateUnderstanding(model, scenes, "swapped")).exact.mean).toBe(0);
  });
});

describe("evaluateSelfReward", () => {
  const options = { imagesPerPrompt: 2, seed: 3, guidanceScale: 0, temperature: 1, steps: 2 };

  it("averages over prompts and uses the same seeds every time", async () => {
    const first = { seeds: [] as string[] };
    const report = await evaluateSelfReward(drawingModel(first), splits.validation, options);
    // Every prompt's first image is right and its second is not.
    expect(report.reward.mean).toBeCloseTo(0.5, 12);
    expect(report.reward.count).toBe(splits.validation.length);
    expect(report.images.length).toBe(2 * splits.validation.length);
    expect(new Set(first.seeds).size).toBe(first.seeds.length);
    const again = { seeds: [] as string[] };
    await evaluateSelfReward(drawingModel(again), splits.validation, options);
    expect(again.seeds).toEqual(first.seeds);
  });

  it("takes equally many of each tag when the list is shortened, and all of a tag that has fewer", () => {
    const countTags = (prompts: readonly ListedPrompt[]) =>
      TAGS.map((tag) => prompts.filter(({ metadata }) => metadata.tag === tag).length);
    const short = limitPrompts(splits.test, 12);
    expect(new Set(short.map(({ metadata }) => metadata.prompt)).size).toBe(12);
    const all = countTags(splits.test);
    const present = all.filter((count) => count > 0).length;
    expect(countTags(short)).toEqual(all.map((count) => (count > 0 ? 12 / present : 0)));
    const long = limitPrompts(splits.test, splits.test.length - 1);
    expect(long.length).toBe(splits.test.length - 1);
    const most = Math.max(...all);
    expect(countTags(long)).toEqual(all.map((count) => (count === most ? count - 1 : count)));
    expect(limitPrompts(splits.test, 10_000)).toEqual(splits.test);
  });
});

describe("evaluateReconstruction", () => {
  it("measures on −1 to 1", async () => {
    const images = scenes.map(({ image }) => image);
    const { meanAbsoluteError } = await evaluateReconstruction(seeingModel(), images, 0);
    // One grey step is 2/255; white pixels cannot get brighter, so a little less.
    expect(meanAbsoluteError.mean).toBeGreaterThan(0.5 / 127.5);
    expect(meanAbsoluteError.mean).toBeLessThanOrEqual(1 / 127.5);
    const black = { width: 1, height: 1, rgb: Uint8Array.of(0, 0, 0) };
    const white = { width: 1, height: 1, rgb: Uint8Array.of(255, 255, 255) };
    expect(imageDistance(black, white)).toBe(2);
  });
});

describe("mapBatches", () => {
  it("stops between batches", async () => {
    const controller = new AbortController();
    const work = mapBatches([1, 2, 3], { batchSize: 1, signal: controller.signal }, async (batch) => {
      controller.abort();
      return batch;
    });
    await expect(work).rejects.toMatchObject({ code: "cancelled" });
  });
});

describe("makeContactSheet", () => {
  const red: ImageU8 = { width: 1, height: 1, rgb: Uint8Array.of(255, 0, 0) };

  it("lays pictures out in rows, enlarged, on white", () => {
    const sheet = makeContactSheet([red, red, red], { columns: 2, zoom: 2, gap: 1 });
    expect([sheet.width, sheet.height]).toEqual([7, 7]);
    const pixel = (x: number, y: number) => [...sheet.rgb.slice(3 * (y * 7 + x), 3 * (y * 7 + x) + 3)];
    expect(pixel(0, 0)).toEqual([255, 255, 255]);
    expect(pixel(1, 1)).toEqual([255, 0, 0]);
    expect(pixel(2, 5)).toEqual([255, 0, 0]);
    expect(pixel(5, 5)).toEqual([255, 255, 255]);
  });

  it("refuses nothing, and pictures of two sizes", () => {
    const layout = { columns: 2, zoom: 1, gap: 0 };
    expect(() => makeContactSheet([], layout)).toThrow(/needs images/);
    const wide = { width: 2, height: 1, rgb: new Uint8Array(6) };
    expect(() => makeContactSheet([red, wide], layout)).toThrow(/one size/);
  });
});
