/** One GRPO step, drawn, judged and learnt from: by our shaders and by stock ops, with what each asks of the GPU. */
import * as tf from "@tensorflow/tfjs-core";
import { findModelFolder, folderReader } from "../src/cli/node/files.ts";
import { makeConfig } from "../src/engine/config.ts";
import type { GpuCounters } from "../src/engine/device/gpuLog.ts";
import type { TrainerBackend } from "../src/engine/device/trainerBackend.ts";
import { preferTwins } from "../src/engine/kernels/defineOp.ts";
import { loadModel } from "../src/engine/models/loadModel.ts";
import type { UnifiedModel } from "../src/engine/models/unified.ts";
import type { ModelFormat } from "../src/engine/quant/quantFormat.ts";
import { createTrainerState, train } from "../src/engine/rl/trainer.ts";
import { createTaskSource, judgeAnswer } from "../src/engine/rl/worldTask.ts";
import { createSplits } from "../src/engine/world/splits.ts";
import { worldPreset } from "../src/engine/world/worldSpec.ts";
import type { Contender } from "./rounds.ts";

/** Small enough for a GPU that is a program on the CPU. Answers of two tokens: a word and its end. */
const config = makeConfig("robust", {
  promptsPerStep: 1,
  groupSize: 4,
  decodeSteps: 6,
  klImage: 0.1,
  answerMaxTokens: 2,
});

/** What one step asked of the GPU. */
export interface StepCounts extends GpuCounters {
  /** Dispatches by program, most first. */
  readonly programs: Readonly<Record<string, number>>;
}

/** A contender, and the GPU's counts of its last run. */
export interface CountedContender extends Contender {
  counts(): StepCounts | null;
}

/** Starts counting. @returns gives what was counted since */
function startCounting(backend: TrainerBackend): () => StepCounts {
  const [before, programsBefore] = [backend.counters(), backend.dispatchesByProgram()];
  return () => {
    const after = backend.counters();
    const programs = [...backend.dispatchesByProgram()]
      .map(([name, count]) => [name, count - (programsBefore.get(name) ?? 0)] as const)
      .filter(([, count]) => count > 0)
      .sort(([, a], [, b]) => b - a);
    return {
      dispatches: after.dispatches - before.dispatches,
      submits: after.submits - before.submits,
      readbacks: after.readbacks - before.readbacks,
      readbackBytes: after.readbackBytes - before.readbackBytes,
      programs: Object.fromEntries(programs),
    };
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
  weights: ModelFormat,
): Promise<{ contenders: CountedContender[]; dispose(): void }> {
  const model = await loadModel(folderReader(await findModelFolder(folder)), folder, { weights });
  const world = folder.includes("nano") ? "nano" : "tiny";
  const backend = tf.backend() as unknown as TrainerBackend;
  const contender = (name: string, areTwins: boolean): CountedContender => {
    let counts: StepCounts | null = null;
    const run = async () => {
      preferTwins(areTwins);
      const finish = startCounting(backend);
      try {
        await runStep(model, world);
      } finally {
        preferTwins(false);
      }
      await backend.queue.onSubmittedWorkDone();
      counts = finish();
    };
    return { name, prepare: run, run, counts: () => counts };
  };
  return {
    contenders: [contender("our shaders", false), contender("stock ops", true)],
    dispose: () => model.dispose(),
  };
}
