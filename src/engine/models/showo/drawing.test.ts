import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import { loadModel } from "../loadModel.ts";
import type { UnifiedModel } from "../unified.ts";
import { randomPrefixes } from "./__fixtures__/randomInputs.ts";
import {
  randomModelFiles,
  randomShowoConfig,
  randomShowoTensors,
  readFrom,
} from "./__fixtures__/randomShowo.ts";
import { seededNoise } from "./drawSettings.ts";
import { drawCodes } from "./generate.ts";
import { loadShowoNetwork, type ShowoNetwork } from "./weights.ts";

const config = randomShowoConfig;
const N = config.imageTokenCount;
/** A busy machine takes its time to load tfjs. */
const BACKEND_TIMEOUT_MS = 60_000;

let network: ShowoNetwork;
let model: UnifiedModel;

beforeAll(async () => {
  await startNodeBackend("wasm");
  network = loadShowoNetwork(config, randomShowoTensors());
  model = await loadModel(readFrom(randomModelFiles()), "random");
}, BACKEND_TIMEOUT_MS);
afterAll(closeBackend);

describe("drawing", () => {
  const settings = { steps: 4, guidanceScale: 1.5, temperature: 1 };

  it("gives an image that depends on its own prompt and seed only", async () => {
    const seeds = ["one", "two", "three"];
    const together = await drawCodes(network, randomPrefixes, seededNoise(seeds, N), settings);
    for (const [row, prefix] of randomPrefixes.entries()) {
      const [alone] = await drawCodes(network, [prefix], seededNoise([seeds[row] ?? ""], N), settings);
      expect(alone).toEqual(together[row]);
    }
    const repeated = randomPrefixes[0] ?? [];
    const [same, other] = await drawCodes(
      network,
      [repeated, repeated],
      seededNoise(["one", "else"], N),
      settings,
    );
    expect(same).toEqual(together[0]);
    expect(other).not.toEqual(same);
  });

  it("decides more codes with every step and all in the end", async () => {
    const hiddenCounts: number[] = [];
    const [image] = await model.drawImages({
      prompts: ["a photo of a dog"],
      seeds: ["s"],
      ...settings,
      onStep: ({ step, steps, codes }) => {
        expect([step, steps]).toEqual([hiddenCounts.length, 4]);
        hiddenCounts.push(codes[0]?.filter((code) => code < 0).length ?? N);
      },
    });
    // floor(16·cos(π/8 · s)) = 14, 11, 6, then none.
    expect(hiddenCounts).toEqual([14, 11, 6, 0]);
    expect(image?.every((code) => code >= 0 && code < config.codebookSize)).toBe(true);
  });

  it("stops within a step of the signal", async () => {
    const signal = { aborted: false };
    let steps = 0;
    const drawing = model.drawImages({
      prompts: ["a dog", "a red cat"],
      seeds: ["a", "b"],
      ...settings,
      signal,
      onStep: () => {
        steps += 1;
        signal.aborted = true;
      },
    });
    await expect(drawing).rejects.toMatchObject({ code: "cancelled" });
    expect(steps).toBe(1);
  });
});
