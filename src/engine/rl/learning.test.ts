/**
 * Does learning by its own opinion make `nano` draw better in somebody else's eyes? An outside detector, which shares
 * no weights with it and has no say in its rewards, judges the same draws of held-out prompts before and after.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findModelFolder, folderReader, readSprites } from "../../cli/node/files.ts";
import { startNodeBackend } from "../../cli/node/nodeBackend.ts";
import { makeConfig } from "../config.ts";
import { closeBackend } from "../device/backend.ts";
import { estimateByPrompt } from "../eval/byPrompt.ts";
import { loadDetector } from "../eval/detector/loadDetector.ts";
import { planDraws } from "../eval/drawAndAsk.ts";
import type { ObjectDetector } from "../eval/geneval/detections.ts";
import { type JudgedImage, judgeDraws } from "../eval/geneval/judgeDraws.ts";
import { judgeImage } from "../eval/geneval/judgeImage.ts";
import { renderHeldOutScenes } from "../eval/scenes.ts";
import { loadModel } from "../models/loadModel.ts";
import type { UnifiedModel } from "../models/unified.ts";
import { createRng } from "../rng.ts";
import { openSprites } from "../world/render.ts";
import { createSplits } from "../world/splits.ts";
import { worldPreset } from "../world/worldSpec.ts";
import { createTrainerState, train } from "./trainer.ts";
import { createTaskSource, judgeAnswer } from "./worldTask.ts";

/** Held-out prompts are 34; a prompt's images come from the same seeds before and after. */
const IMAGES_PER_PROMPT = 16;
const EVALUATION_SEED = 1;
const STEPS = 120;
/**
 * Measured on wasm with this code: preset `robust` as it is, judged share of the validation prompts. Seeds 1 to 3 served
 * to choose 120 steps and, after trying other rates (6e-4 to 5e-3) and settings, to leave the preset alone; 11 to 14 were
 * run once, afterwards, and 11 had been chosen before.
 *
 * | seed | before | after | gain ± standard error over prompts |
 * | 1, 2, 3 (8 images a prompt) | 0.096 | 0.232, 0.169, 0.228 | +0.136 ± 0.037, +0.074 ± 0.026, +0.132 ± 0.038 |
 * | 11 | 0.097 | 0.241 | +0.143 ± 0.029 |
 * | 12 | 0.097 | 0.145 | +0.048 ± 0.019 |
 * | 13 | 0.097 | 0.208 | +0.110 ± 0.028 |
 * | 14 | 0.097 | 0.191 | +0.094 ± 0.021 |
 * | 11, learning rate 0 (3 steps) | 0.097 | 0.097 | 0 |
 * | 11, rewards reversed (1 − reward) | 0.097 | 0.018 | −0.079, interval −0.147 to −0.033 |
 * | 11, 12, rewards by coin | 0.097 | 0.101, 0.024 | +0.004 ± 0.014, −0.074 ± 0.024 |
 *
 * The floor lies below the smallest gain seen; the interval has to be above 0 besides. nano cannot reach 1: its
 * image tokenizer turns colours that it never saw on a class into others.
 */
const MIN_GAIN = 0.03;
/** 45 s on one core of an AMD EPYC; a slow or busy machine may take many times that. */
const TIMEOUT_MS = 300_000;

const config = makeConfig("robust", { seed: 11 });
const spec = worldPreset("nano");
const splits = createSplits(spec);
let model: UnifiedModel;
let detector: ObjectDetector;

beforeAll(async () => {
  await startNodeBackend("wasm");
  const open = async (id: string) => folderReader(await findModelFolder(`public/models/${id}`));
  model = await loadModel(await open("nano"), "nano");
  detector = await loadDetector(await open("judge-nano"), "judge-nano");
}, TIMEOUT_MS);

afterAll(() => {
  detector.dispose();
  model.dispose();
  closeBackend();
});

/** The judge's verdicts on all held-out prompts, drawn as in training. */
function judgeModel(): Promise<JudgedImage[]> {
  const draws = planDraws(splits.validation, IMAGES_PER_PROMPT, EVALUATION_SEED);
  const { guidanceScale, temperature, decodeSteps: steps } = config;
  return judgeDraws({ model, detector }, draws, { guidanceScale, temperature, steps });
}

/** Trains on prompts that no list holds out, rewarded by the model's own answers. */
async function trainModel(): Promise<void> {
  model.attachAdapter({ rank: config.loraRank, alpha: config.loraAlpha, seed: config.seed });
  const state = createTrainerState(model);
  const drawTask = createTaskSource(spec, splits);
  try {
    for await (const { kind } of train({
      model,
      drawTask,
      judge: judgeAnswer,
      state,
      config: () => config,
    })) {
      if (kind === "stepFinished" && state.step === STEPS) return;
    }
  } finally {
    state.optimizer.dispose();
  }
}

describe("judge-nano", () => {
  it("finds everything in pictures that are right", async () => {
    const scenes = renderHeldOutScenes(openSprites(await readSprites(), spec), splits, 96, EVALUATION_SEED);
    const detections = await detector.detect(scenes.map(({ image }) => image));
    const correct = scenes.filter(({ metadata }, at) => judgeImage(metadata, detections[at] ?? {}).correct);
    expect(correct.length).toBeGreaterThanOrEqual(0.97 * scenes.length);
  });
});

describe("train, on nano", () => {
  it(
    "makes it draw better before a judge that shares no weights with it",
    async () => {
      const before = await judgeModel();
      await trainModel();
      const after = await judgeModel();
      const gains = after.map(({ promptIndex, correct }, at) => {
        return { promptIndex, gain: Number(correct) - Number(before[at]?.correct) };
      });
      const gain = estimateByPrompt(gains, (image) => image.gain, createRng(EVALUATION_SEED, "judgedGain"));
      expect(gain.low).toBeGreaterThan(0);
      expect(gain.mean).toBeGreaterThan(MIN_GAIN);
    },
    TIMEOUT_MS,
  );
});
