/** One GRPO step, drawn, judged and learnt from: by our shaders and by stock ops, with what each asks of the GPU. */
import * as tf from "@tensorflow/tfjs-core";
import { findModelFolder, folderReader } from "../src/cli/node/files.ts";
import { makeConfig } from "../src/engine/config.ts";
import type { GpuCounters } from "../src/engine/device/gpuLog.ts";
import type { TrainerBackend } from "../src/engine/device/trainerBackend.ts";
import { preferTwins } from "../src/engine/kernels/defineOp.ts";
import { loadModel } from "../src/engine/models/loadModel.ts";
import type { UnifiedModel } from "../src/engine/models/unified.ts";
import { createTrainerState, train } from "../src/engine/rl/trainer.ts";
import { createTaskSource, judgeAnswer } from "../src/engine/rl/worldTask.ts";
import { createSplits } from "../src/engine/world/splits.ts";
import { worldPreset } from "../src/engine/world/worldSpec.ts";
import type { Contender } from "./rounds.ts";

/** Small enough for a GPU that is a program on the CPU. */
const config = makeConfig("robust", { promptsPerStep: 1, groupSize: 4, decodeSteps: 6, klImage: 0.1 });

/** A contender, and the GPU's counts of its last run. */
export interface CountedContender extends Contender {
  counts(): Readonly<Record<keyof GpuCounters, number>> | null;
}

function difference(after: GpuCounters, before: GpuCounters): GpuCounters {
  return {
    dispatches: after.dispatches - before.dispatches,
    submits: after.submits - before.submits,
    readbacks: after.readbacks - before.readbacks,
    readbackBytes: after.readbackBytes - before.readbackBytes,
  };
}

async function runStep(model: UnifiedModel, world: "nano" | "tiny"): Promise<void> {
  model.attachAdapter({ rank: config.loraRank, alpha: config.loraAlpha, seed: config.seed });
  const spec = worldPreset(world);
  const state = createTrainerState(model);
  // Rewards in turn, so that every group teaches and both contenders do the same work.
  let asked = 0;
  const judge: typeof judgeAnswer = (...given) => {
    asked += 1;
    return { ...judgeAnswer(...given), reward: asked % 2 };
  };
  const run = {
    model,
    drawTask: createTaskSource(spec, createSplits(spec)),
    judge,
    state,
    config: () => config,
  };
  try {
    for await (const { kind } of train(run)) if (kind === "stepFinished") return;
  } finally {
    state.optimizer.dispose();
  }
}

/** On the WebGPU backend that runs. @param folder of a shipped model */
export async function stepContenders(
  folder: string,
): Promise<{ contenders: CountedContender[]; dispose(): void }> {
  const model = await loadModel(folderReader(await findModelFolder(folder)), folder);
  const world = folder.includes("nano") ? "nano" : "tiny";
  const backend = tf.backend() as unknown as TrainerBackend;
  const contender = (name: string, areTwins: boolean): CountedContender => {
    let counts: GpuCounters | null = null;
    const run = async () => {
      preferTwins(areTwins);
      const before = backend.counters();
      try {
        await runStep(model, world);
      } finally {
        preferTwins(false);
      }
      await backend.queue.onSubmittedWorkDone();
      counts = difference(backend.counters(), before);
    };
    return { name, prepare: run, run, counts: () => counts };
  };
  return {
    contenders: [contender("our shaders", false), contender("stock ops", true)],
    dispose: () => model.dispose(),
  };
}
