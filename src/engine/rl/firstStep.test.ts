/** Where a run begins, on a real model: the policy is the reference and its own sampler, so that ratios are 1 and KL is 0. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { folderReader } from "../../cli/node/files.ts";
import { startNodeBackend } from "../../cli/node/nodeBackend.ts";
import { makeConfig, type RunConfig } from "../config.ts";
import { closeBackend } from "../device/backend.ts";
import type { UnifiedModel } from "../models/unified.ts";
import { drawPasses, NANO_CONFIG, nanoSource, openNano } from "./__fixtures__/nanoRun.ts";
import type { StepMetrics } from "./metrics.ts";
import { computePass } from "./passes.ts";
import { createTrainerState, train } from "./trainer.ts";

/** One update moves even answers that are all but certain. */
const LARGE_RATE = 0.1;

let model: UnifiedModel;

beforeAll(async () => {
  await startNodeBackend("wasm");
  model = await openNano(folderReader("public/models/nano"));
}, 240_000);

beforeEach(() => {
  model.attachAdapter({ rank: NANO_CONFIG.loraRank, alpha: NANO_CONFIG.loraAlpha, seed: NANO_CONFIG.seed });
});

afterAll(() => {
  model.dispose();
  closeBackend();
});

async function runTwoSteps(config: RunConfig): Promise<StepMetrics[]> {
  const state = createTrainerState(model);
  const metrics: StepMetrics[] = [];
  for await (const event of train({ model, ...nanoSource(), config: () => config, state })) {
    if (event.kind === "stepFinished") metrics.push(event.metrics);
    if (metrics.length === 2) break;
  }
  state.optimizer.dispose();
  return metrics;
}

describe("the first step on nano", { timeout: 120_000 }, () => {
  it("has a KL of 0 for images and answers; the second has not", async () => {
    const [first, second] = await runTwoSteps({ ...NANO_CONFIG, learningRate: LARGE_RATE, remaskDraws: 2 });
    expect(first).toMatchObject({ klImage: 0, klAnswer: 0 });
    expect(second?.klImage).toBeGreaterThan(0);
    expect(second?.klAnswer).toBeGreaterThan(0);
  });

  it("has a KL of 0 for answers end to end, where the policy reads the image through the one-hot codes", async () => {
    const { promptsPerStep, groupSize, decodeSteps, answerMaxTokens, loraRank } = NANO_CONFIG;
    const small = { promptsPerStep, groupSize, decodeSteps, answerMaxTokens, loraRank };
    const [first, second] = await runTwoSteps({
      ...makeConfig("paper-showo", small),
      learningRate: LARGE_RATE,
    });
    expect(first?.klAnswer).toBe(0);
    expect(second?.klAnswer).toBeGreaterThan(0);
  });

  it("has ratios of 1, measured against the policy that drew as well as against itself", async () => {
    for (const pass of await drawPasses(model)) {
      const [sample] = pass.samples;
      const itself = computePass(model, pass);
      const drawer = computePass(model, pass, itself.logProbs);
      // −w·A·ρ·share with ρ = 1: the KL adds nothing.
      const loss = -pass.weights.policy * (sample?.signal[pass.term] ?? Number.NaN) * pass.share;
      for (const { sums } of [itself, drawer]) {
        const [found, , , clipped] = sums.dataSync();
        expect(found, pass.term).toBeCloseTo(loss, 6);
        expect(clipped).toBe(0);
      }
      for (const [name, gradient] of Object.entries(itself.gradients)) {
        expect([...(drawer.gradients[name]?.dataSync() ?? [])], name).toEqual([...gradient.dataSync()]);
      }
    }
  });
});
