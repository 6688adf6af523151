import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderReader } from "../../cli/node/files.ts";
import { startNodeBackend } from "../../cli/node/nodeBackend.ts";
import { makeConfig, type RunConfig } from "../config.ts";
import { closeBackend } from "../device/backend.ts";
import { EngineError } from "../errors.ts";
import type { UnifiedModel } from "../models/unified.ts";
import { NANO_CONFIG, openNano, readAdapter } from "../rl/__fixtures__/nanoRun.ts";
import { createTrainerState } from "../rl/trainer.ts";
import { createRng } from "../rng.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import { withCheckpoint } from "./withCheckpoint.ts";

let model: UnifiedModel;

beforeAll(async () => {
  await startNodeBackend("wasm");
  model = await openNano(folderReader("public/models/nano"));
  scatter("own");
}, 240_000);

afterAll(closeBackend);

/** Gives every number of the attached adapter a random value. */
function scatter(name: string): void {
  for (const { name: of, variable } of model.adapterVariables()) {
    const values = createRng("withCheckpoint", name, of).uniforms(variable.size);
    tf.tidy(() => variable.assign(tf.sub(tf.tensor(values, variable.shape), 0.5)));
  }
}

/** A checkpoint of random numbers; what is attached stays. */
async function makeCheckpoint(config: RunConfig): Promise<Checkpoint> {
  const putBack = model.takeAdapter();
  model.attachAdapter({ rank: config.loraRank, alpha: config.loraAlpha, seed: config.seed });
  scatter("other");
  const state = createTrainerState(model);
  const bytes = await encodeCheckpoint(state, model, config);
  state.optimizer.dispose();
  putBack();
  return await decodeCheckpoint(bytes);
}

async function draw(): Promise<number[]> {
  const [codes] = await model.drawImages({
    prompts: ["a photo of an apple"],
    seeds: ["1"],
    ...model.generation,
  });
  return Array.from(codes ?? []);
}

describe("withCheckpoint", () => {
  it("draws with another adapter, of another rank too, and leaves the model and its own adapter as they were", async () => {
    const other = await makeCheckpoint(makeConfig("robust", { loraRank: 3, loraAlpha: 9 }));
    const own = await draw();
    const numbers = await readAdapter(model);
    const bare = await model.withoutAdapter(draw);
    const before = tf.memory().numTensors;
    const seen = await withCheckpoint(model, other, draw);
    const untouched = await withCheckpoint(model, null, draw);
    expect(seen).not.toEqual(own);
    expect(untouched).toEqual(bare);
    expect(untouched).not.toEqual(own);
    expect(await withCheckpoint(model, other, draw)).toEqual(seen);
    expect(await draw()).toEqual(own);
    expect(await readAdapter(model)).toEqual(numbers);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("puts the adapter back when the work fails, and when the checkpoint is of another model", async () => {
    const own = await draw();
    const other = await makeCheckpoint(NANO_CONFIG);
    const fail = () => Promise.reject(new EngineError("cancelled", "stopped"));
    await expect(withCheckpoint(model, other, fail)).rejects.toMatchObject({ code: "cancelled" });
    expect(await draw()).toEqual(own);
    const foreign = { ...other, modelId: "another" };
    await expect(withCheckpoint(model, foreign, draw)).rejects.toMatchObject({ code: "checkpointMismatch" });
    expect(await draw()).toEqual(own);
  });

  it("works where no adapter is attached", async () => {
    const putBack = model.takeAdapter();
    const bare = await draw();
    const other = await makeCheckpoint(NANO_CONFIG);
    expect(await withCheckpoint(model, other, draw)).not.toEqual(bare);
    expect(model.adapterVariables()).toHaveLength(0);
    expect(await draw()).toEqual(bare);
    putBack();
  });
});
