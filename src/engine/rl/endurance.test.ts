import * as tf from "@tensorflow/tfjs-core";
import { afterAll, describe, expect, it } from "vitest";
import { folderReader } from "../../cli/node/files.ts";
import { startNodeBackend } from "../../cli/node/nodeBackend.ts";
import { closeBackend } from "../device/backend.ts";
import { drawPasses, openNano, readAdapter, updateOnce } from "./__fixtures__/nanoRun.ts";
import { createTrainerState } from "./trainer.ts";

describe("learning for long, on wasm", { timeout: 600_000 }, () => {
  afterAll(closeBackend);

  it("holds as much after a thousand updates as after ten", async () => {
    await startNodeBackend("wasm");
    const model = await openNano(folderReader("public/models/nano"));
    const passes = await drawPasses(model);
    const state = createTrainerState(model);
    const before = await readAdapter(model);
    let early = tf.memory();
    for (let update = 1; update <= 1000; update++) {
      const { gradientNorm } = await updateOnce(model, state, passes);
      expect(gradientNorm).toBeGreaterThan(0);
      if (update === 10) early = tf.memory();
    }
    const { numTensors, numBytes } = tf.memory();
    expect({ numTensors, numBytes }).toEqual({ numTensors: early.numTensors, numBytes: early.numBytes });
    expect(state.optimizer.updates).toBe(1000);
    const after = await readAdapter(model);
    expect(after).not.toEqual(before);
    expect(after.every(Number.isFinite)).toBe(true);
    state.optimizer.dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBe(0);
  });
});
