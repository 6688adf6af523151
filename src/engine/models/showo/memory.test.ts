import "@tensorflow/tfjs-backend-cpu";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderReader } from "../../../cli/node/files.ts";
import { makeConfig } from "../../config.ts";
import { registerGradients } from "../../device/gradients.ts";
import type { ModelFormat } from "../../quant/quantFormat.ts";
import { planMemory } from "../../rl/memoryPlan.ts";
import { loadModel } from "../loadModel.ts";
import type { MemoryDemand, UnifiedModel } from "../unified.ts";
import { DEMAND, itBoundsEveryPart, openForWork, WORK } from "./__fixtures__/memoryWork.ts";
import { randomShowoConfig } from "./__fixtures__/randomShowo.ts";
import { estimateShowoMemory } from "./memory.ts";

/** The most bytes of tensors that there were during `work`, beyond those before. */
async function peakDuring(work: () => Promise<void>): Promise<number> {
  const { state } = tf.engine();
  const before = state.numBytes;
  let [bytes, most] = [before, before];
  Object.defineProperty(state, "numBytes", {
    configurable: true,
    get: () => bytes,
    set: (value: number) => {
      bytes = value;
      most = Math.max(most, bytes);
    },
  });
  try {
    await work();
  } finally {
    Object.defineProperty(state, "numBytes", { value: bytes, writable: true, configurable: true });
  }
  return most - before;
}

describe("the memory estimate", () => {
  let model: UnifiedModel;
  let bytesBefore = 0;

  beforeAll(async () => {
    await registerGradients();
    await tf.setBackend("cpu");
    bytesBefore = tf.memory().numBytes;
    model = await loadModel(
      folderReader(fileURLToPath(new URL("../../../../public/models/nano", import.meta.url))),
      "nano",
    );
    await openForWork(model);
  }, 60_000);
  afterAll(() => model.dispose());

  it("bounds what stays when all has been used", async () => {
    for (const work of Object.values(WORK)) await work(model, DEMAND);
    const { weights, adapter } = model.estimateMemory(DEMAND);
    const held = tf.memory().numBytes - bytesBefore;
    expect(weights + adapter).toBeGreaterThanOrEqual(held);
    expect(weights + adapter).toBeLessThan(1.2 * held);
  });

  itBoundsEveryPart(() => model, peakDuring, 3);
});

describe("Show-o 1.3B", () => {
  const GIB = 2 ** 30;
  /** spec/showo.md section 2, 256 × 256 pixels. */
  const config = {
    ...randomShowoConfig,
    vocabSize: 58_498,
    llmVocabSize: 50_295,
    codebookSize: 8192,
    imageTokenCount: 256,
    maxTextLength: 128,
    imageOffset: 50_305,
    maskId: 58_497,
    hiddenSize: 2048,
    mlpSize: 8192,
    layerCount: 24,
    headCount: 32,
    rotary: { headSize: 64, rotarySize: 32, base: 10_000 },
  };
  const opened = (weights: ModelFormat) => ({
    estimateMemory: (demand: MemoryDemand) =>
      estimateShowoMemory(
        { config, weights, tokenizerNumbers: 95e6, imageSide: 256, pixelChannels: 128, hasShaders: true },
        { ...demand, weights: demand.weights ?? weights },
      ),
  });
  const plan = (weights: ModelFormat, memoryBudget: number, groupSize = 8) =>
    planMemory(opened(weights), makeConfig("robust", { memoryBudget, groupSize }));

  /** The table of docs/PERFORMANCE.md. */
  it.each([
    { weights: "int8", budget: 4, peak: 3.7, cut: [4, 1] },
    { weights: "int4", budget: 4, peak: 3.33, cut: [4, 1] },
    { weights: "int4", budget: 8, peak: 7.41, cut: [8, 4] },
    // As every run was cut before it was planned: steps of 32 and of 64 images.
    { weights: "int4", budget: 16, peak: 14.59, cut: [32, 8] },
    { weights: "int4", budget: 128, peak: 27.46, cut: [64, 8], groupSize: 16 },
  ] as const)(
    "takes $peak GiB of $budget in $weights, whole tapes",
    ({ weights, budget, peak, cut, ...rest }) => {
      const [imagesPerCall, imagesPerPass] = cut;
      const planned = plan(weights, budget, "groupSize" in rest ? rest.groupSize : 8);
      expect(planned.limits).toEqual({ imagesPerCall, imagesPerPass, isRecomputed: false });
      expect(planned.peak / GIB).toBeCloseTo(peak, 2);
    },
  );

  it("recomputes in 3 GiB, and refuses 2 with what is enough", () => {
    expect(plan("int4", 3).limits.isRecomputed).toBe(true);
    expect(() => plan("int4", 2)).toThrowError(/raise the memory budget to 2\.25 GiB/);
  });

  it("is too much in f32, and the refusal names int8 and int4", () => {
    expect(() => plan("f32", 8)).toThrowError(/takes 11\.50 GiB, 6\.32 GiB of it the weights/);
    expect(() => plan("f32", 8)).toThrowError(/int8 weights \(2\.60 GiB\).*int4 weights \(2\.22 GiB\)/);
  });
});
