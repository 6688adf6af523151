import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { preferTwins } from "../../kernels/defineOp.ts";
import { randomShowoConfig, randomShowoTensors } from "./__fixtures__/randomShowo.ts";
import { type DrawProgress, type DrawSettings, seededNoise } from "./drawSettings.ts";
import { drawCodes } from "./generate.ts";
import { drawPrefix } from "./prompts.ts";
import { disposeShowoNetwork, loadShowoNetwork, type ShowoNetwork } from "./weights.ts";

const hasDawn = (await openDawn()) !== null;
const config = randomShowoConfig;
const prefixes = [[4, 5], [4, 5], [], [4, 5, 6, 7, 8, 9, 4, 5, 6]].map((text) => drawPrefix(text, config));
const noise = seededNoise(["a", "b", "c", "d"], config.imageTokenCount);
const SETTINGS: DrawSettings = { steps: 5, guidanceScale: 1.5, temperature: 1 };

describe.skipIf(!hasDawn)("drawing on the GPU", { timeout: 120_000 }, () => {
  let network: ShowoNetwork;

  beforeAll(async () => {
    await startNodeBackend("webgpu");
    network = loadShowoNetwork(config, randomShowoTensors());
  });
  afterAll(() => {
    disposeShowoNetwork(network);
    closeBackend();
  });

  it("draws what drawing on this thread draws, with one readback and nothing left over", async () => {
    await drawCodes(network, prefixes, noise, SETTINGS);
    const backend = tf.backend() as unknown as TrainerBackend;
    const [{ readbacks }, { numTensors }] = [backend.counters(), tf.memory()];
    const drawn = await drawCodes(network, prefixes, noise, SETTINGS);
    expect(backend.counters().readbacks - readbacks).toBe(1);
    expect(tf.memory().numTensors).toBe(numTensors);
    preferTwins(true);
    const plain = await drawCodes(network, prefixes, noise, SETTINGS);
    preferTwins(false);
    expect(drawn).toEqual(plain);
  });

  it("shows every step in order, hiding less and less, and the images last", async () => {
    const steps: DrawProgress[] = [];
    const drawn = await drawCodes(network, prefixes, noise, {
      ...SETTINGS,
      onStep: (progress) => steps.push(progress),
    });
    expect(steps.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4]);
    const hidden = steps.map(
      ({ codes }) => codes.flatMap((row) => [...row]).filter((code) => code < 0).length,
    );
    expect(hidden).toEqual(hidden.toSorted((a, b) => b - a));
    expect(steps.at(-1)?.sampled).toEqual(drawn);
  });

  it("stops within a step and leaves no tensor", async () => {
    const before = tf.memory().numTensors;
    const signal = { aborted: false };
    let seen = 0;
    const onStep = () => {
      seen += 1;
      signal.aborted = true;
    };
    const drawing = drawCodes(network, prefixes, noise, { ...SETTINGS, steps: 20, signal, onStep });
    await expect(drawing).rejects.toMatchObject({ code: "cancelled" });
    expect(seen).toBeLessThan(5);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("says that logits are broken instead of drawing from them", async () => {
    const weight = tf.fill([config.hiddenSize], Number.NaN) as tf.Tensor1D;
    const poisoned = { ...network, finalNorm: { ...network.finalNorm, weight } };
    await expect(drawCodes(poisoned, prefixes, noise, SETTINGS)).rejects.toMatchObject({ code: "nonFinite" });
  });
});
