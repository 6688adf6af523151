import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../cli/node/dawn.ts";
import { folderReader } from "../../cli/node/files.ts";
import { startNodeBackend } from "../../cli/node/nodeBackend.ts";
import { makeConfig } from "../config.ts";
import { closeBackend } from "../device/backend.ts";
import type { TrainerBackend } from "../device/trainerBackend.ts";
import { loadModel } from "../models/loadModel.ts";
import type { UnifiedModel } from "../models/unified.ts";
import { createSplits } from "../world/splits.ts";
import { worldPreset } from "../world/worldSpec.ts";
import { compileStep } from "./compileStep.ts";
import type { StepMetrics } from "./metrics.ts";
import { createTrainerState, train } from "./trainer.ts";
import { createTaskSource, judgeAnswer } from "./worldTask.ts";

const hasDawn = (await openDawn()) !== null;
const config = makeConfig("robust", {
  promptsPerStep: 2,
  groupSize: 2,
  decodeSteps: 3,
  answerMaxTokens: 3,
  loraRank: 4,
});
const world = worldPreset("nano");
let judged = 0;
const source = {
  config: () => config,
  drawTask: createTaskSource(world, createSplits(world)),
  // One group teaches and the other does not.
  judge: (...given: Parameters<typeof judgeAnswer>) => {
    judged += 1;
    return { ...judgeAnswer(...given), reward: judged % 4 === 1 ? 1 : 0 };
  },
};

const openNano = () => loadModel(folderReader("public/models/nano"), "nano");
const backend = () => tf.backend() as unknown as TrainerBackend;
const countPipelines = () => {
  const { pipelineCache } = backend() as unknown as { pipelineCache: object };
  return { ours: backend().pipelineCount, stock: Object.keys(pipelineCache).length };
};

async function readAdapter(model: UnifiedModel): Promise<number[]> {
  const values = await Promise.all(model.adapterVariables().map(({ variable }) => variable.data()));
  return values.flatMap((part) => [...part]);
}

describe.skipIf(!hasDawn)("compiling a step ahead", { timeout: 900_000 }, () => {
  let model: UnifiedModel;

  beforeAll(async () => {
    await startNodeBackend("webgpu");
    model = await openNano();
    model.attachAdapter({ rank: config.loraRank, alpha: config.loraAlpha, seed: 0 });
  });
  afterAll(closeBackend);

  it("runs nothing, keeps nothing and changes nothing", async () => {
    const adapter = await readAdapter(model);
    const [{ dispatches }, memory] = [backend().counters(), tf.memory()];
    const progress: [number, number][] = [];
    await compileStep({ model, ...source }, (...counts) => progress.push(counts));
    expect(backend().counters().dispatches).toBe(dispatches);
    expect(tf.memory()).toEqual(memory);
    expect(progress[0]?.[0]).toBe(0);
    const [compiled, total] = progress.at(-1) ?? [];
    expect(compiled).toBe(total);
    expect(total).toBeGreaterThan(80);
    // What was read before lies on the CPU; a copy is read from the GPU.
    const copies = model.adapterVariables().map(({ variable }) => tf.mul(variable, 1));
    const after = await Promise.all(copies.map((copy) => copy.data()));
    expect(after.flatMap((part) => [...part])).toEqual(adapter);
    tf.dispose(copies);
    const again: number[] = [];
    const reseeded = () => ({ ...config, seed: 5, learningRate: 1e-5 });
    await compileStep({ model, ...source, config: reseeded }, (compiled) => again.push(compiled));
    expect(again).toEqual([]);
  });

  it("leaves nothing to compile for real steps, whose metrics say what they asked of the GPU", async () => {
    const pipelines = countPipelines();
    const state = createTrainerState(model);
    const metrics: StepMetrics[] = [];
    for await (const event of train({ model, ...source, state })) {
      if (event.kind === "groupsSampled")
        await model.decodeImages(event.groups.flatMap(({ images }) => images));
      if (event.kind === "stepFinished" && metrics.push(event.metrics) === 2) break;
    }
    state.optimizer.dispose();
    expect(countPipelines()).toEqual(pipelines);
    for (const step of metrics) {
      for (const phase of ["draw", "answer", "learn"]) {
        expect(step[`gpu/${phase}/dispatches`]).toBeGreaterThan(50);
        expect(step[`gpu/${phase}/submits`]).toBeGreaterThan(1);
        if (backend().device.features.has("timestamp-query"))
          expect(step[`gpu/${phase}/busyMs`]).toBeGreaterThan(0);
      }
      // Gradients are checked in one readback; those of drawing show who watches.
      expect(step["gpu/learn/readbacks"]).toBe(1);
      expect(step).not.toHaveProperty("gpu/observe/dispatches");
    }
  });

  it("leaves nothing to compile for a step that learns nothing, and books what is observed apart", async () => {
    const pipelines = countPipelines();
    const state = createTrainerState(model);
    const judge = (...given: Parameters<typeof judgeAnswer>) => ({ ...judgeAnswer(...given), reward: 0 });
    for await (const event of train({ model, ...source, judge, state })) {
      if (event.kind !== "stepFinished") continue;
      expect(event.metrics.deadGroupShare).toBe(1);
      // The steps before have moved it.
      for (const name of ["klImage", "klAnswer"]) expect(event.metrics[name]).toBeGreaterThan(0);
      expect(event.metrics["gpu/observe/readbacks"]).toBe(1);
      break;
    }
    state.optimizer.dispose();
    expect(countPipelines()).toEqual(pipelines);
  });

  it("caches nothing that was computed from zeros", async () => {
    const undecided = new Int32Array(model.imageTokenCount).fill(-1);
    const fresh = await openNano();
    expect(await model.decodeImages([undecided])).toEqual(await fresh.decodeImages([undecided]));
    fresh.dispose();
  });
});
