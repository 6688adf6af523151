/** For tests of endurance: `nano` with a small adapter, and the learning of one real step to repeat as often as wanted. */
import { makeConfig } from "../../config.ts";
import { loadModel } from "../../models/loadModel.ts";
import type { ReadFile } from "../../models/modelFolder.ts";
import type { UnifiedModel } from "../../models/unified.ts";
import { createSplits } from "../../world/splits.ts";
import { worldPreset } from "../../world/worldSpec.ts";
import { type LearnReport, learn } from "../learn.ts";
import { type Pass, planPasses } from "../passes.ts";
import { collectSamples } from "../samples.ts";
import type { JudgedGroup } from "../task.ts";
import { createTrainerState, type TrainerState, train } from "../trainer.ts";
import { createTaskSource, judgeAnswer } from "../worldTask.ts";

/** Two images, one drawn right and one wrong. */
export const NANO_CONFIG = makeConfig("robust", {
  promptsPerStep: 1,
  groupSize: 2,
  decodeSteps: 2,
  answerMaxTokens: 2,
  remaskDraws: 1,
  loraRank: 2,
  learningRate: 1e-4,
});

const world = worldPreset("nano");

/** What `train` is given besides model and state; rewards in turn, so that every group teaches. */
export function nanoSource() {
  let judged = 0;
  return {
    config: () => NANO_CONFIG,
    drawTask: createTaskSource(world, createSplits(world)),
    judge: (...given: Parameters<typeof judgeAnswer>) => {
      judged += 1;
      return { ...judgeAnswer(...given), reward: judged % 2 };
    },
  };
}

/** With a fresh adapter. @param read of the model's folder */
export async function openNano(read: ReadFile): Promise<UnifiedModel> {
  const model = await loadModel(read, "nano");
  const { loraRank: rank, loraAlpha: alpha, seed } = NANO_CONFIG;
  model.attachAdapter({ rank, alpha, seed });
  return model;
}

/** What one step of drawing and answering gives to learn from: an image, and an answer about it, in a pass each. */
export async function drawPasses(model: UnifiedModel): Promise<Pass[]> {
  const state = createTrainerState(model);
  let groups: readonly JudgedGroup[] = [];
  for await (const event of train({ model, ...nanoSource(), state })) {
    if (event.kind === "groupsJudged") groups = event.groups;
    if (event.kind === "groupsScored") break;
  }
  state.optimizer.dispose();
  const samples = collectSamples(model, groups, [[1, -1]], NANO_CONFIG, 0);
  const passes = planPasses(samples, {
    objective: "grpo",
    image: { policy: NANO_CONFIG.imageWeight, kl: NANO_CONFIG.klImage },
    answer: { policy: NANO_CONFIG.answerWeight, kl: NANO_CONFIG.klAnswer },
    endToEnd: null,
    clip: { low: NANO_CONFIG.clipLow, high: NANO_CONFIG.clipHigh },
    imagesPerPass: 1,
    isRecomputed: false,
  });
  return passes.filter((pass) => pass.samples[0] === samples[0]);
}

/** One optimizer update. */
export async function updateOnce(
  model: UnifiedModel,
  state: TrainerState,
  passes: readonly Pass[],
): Promise<LearnReport> {
  const learning = learn({
    model,
    passes,
    updates: 1,
    optimizer: state.optimizer,
    readConfig: () => NANO_CONFIG,
    signal: undefined,
    checkCancelled: () => {},
    checkDevice: async () => {},
  });
  for (;;) {
    const next = await learning.next();
    if (next.done) return next.value;
  }
}

/** Every number of the adapter. */
export async function readAdapter(model: UnifiedModel): Promise<number[]> {
  const values = await Promise.all(model.adapterVariables().map(({ variable }) => variable.data()));
  return values.flatMap((part) => [...part]);
}
