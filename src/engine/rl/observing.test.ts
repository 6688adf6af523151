/** Observation must not be felt: on a real model, training with it and without it ends in the same bits. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { folderReader } from "../../cli/node/files.ts";
import { startNodeBackend } from "../../cli/node/nodeBackend.ts";
import { makeConfig, type PresetName, type RunConfig } from "../config.ts";
import { closeBackend } from "../device/backend.ts";
import { NANO_CONFIG, nanoSource, openNano, readAdapter } from "./__fixtures__/nanoRun.ts";
import type { StepMetrics } from "./metrics.ts";
import { createTrainerState, train } from "./trainer.ts";

const watch = vi.hoisted(() => ({ isOn: true }));
vi.mock("./observeTerms.ts", async (load) => {
  const real = await load<typeof import("./observeTerms.ts")>();
  const observeTerms: typeof real.observeTerms = async (job) => (watch.isOn ? real.observeTerms(job) : {});
  return { ...real, observeTerms };
});

const { promptsPerStep, groupSize, decodeSteps, answerMaxTokens, loraRank } = NANO_CONFIG;
const SMALL = { promptsPerStep, groupSize, decodeSteps, answerMaxTokens, loraRank };
const TERMS = ["imageEntropy", "klImage", "klAnswer"];
/** Of the first step all groups are dead, of the second none. */
const rewardOf = (judged: number) => (judged < groupSize * promptsPerStep ? 0 : judged % 2);

async function trainTwice(config: RunConfig, isObserved: boolean) {
  watch.isOn = isObserved;
  const model = await openNano(folderReader("public/models/nano"));
  const state = createTrainerState(model);
  const { drawTask, judge } = nanoSource();
  let judged = 0;
  const metrics: StepMetrics[] = [];
  for await (const event of train({
    model,
    drawTask,
    judge: (...given) => ({ ...judge(...given), reward: rewardOf(judged++) }),
    state,
    config: () => config,
  })) {
    if (event.kind === "stepFinished" && metrics.push(event.metrics) === 2) break;
  }
  const adapter = await readAdapter(model);
  state.optimizer.dispose();
  model.dispose();
  return { adapter, metrics };
}

describe("observing", { timeout: 600_000 }, () => {
  beforeAll(() => startNodeBackend("wasm"));
  afterAll(closeBackend);

  it.each<PresetName>(["robust", "paper-showo", "sft-e2e", "sft-decoupled"])(
    "leaves two steps of %s as they are, bit by bit",
    async (preset) => {
      const config = makeConfig(preset, { ...SMALL, remaskDraws: 1, learningRate: 1e-2 });
      const watched = await trainTwice(config, true);
      const alone = await trainTwice(config, false);
      expect(watched.adapter).toEqual(alone.adapter);
      expect(watched.adapter.some((value) => value !== 0)).toBe(true);
      for (const step of watched.metrics) for (const name of TERMS) expect(step).toHaveProperty(name);
      // Without it something is missing, so the comparison is one.
      expect(alone.metrics.some((step) => TERMS.some((name) => !(name in step)))).toBe(true);
      for (const [at, step] of alone.metrics.entries()) {
        const { rewardMean, tokenDistance, gradientNorm } = step;
        const expected = {
          rewardMean,
          tokenDistance,
          ...(gradientNorm === undefined ? {} : { gradientNorm }),
        };
        expect(watched.metrics[at]).toMatchObject(expected);
      }
    },
  );
});
