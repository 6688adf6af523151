import "@tensorflow/tfjs-backend-cpu";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderReader } from "../../../cli/node/files.ts";
import { registerGradients } from "../../device/gradients.ts";
import { loadModel } from "../loadModel.ts";
import type { UnifiedModel } from "../unified.ts";
import { DEMAND, DEMANDS, openForWork, WORK, type Work } from "./__fixtures__/memoryWork.ts";

/** The most bytes of tensors that there were during `work`, beyond those before. */
async function peakDuring(work: () => Promise<void>): Promise<number> {
  const { state } = tf.engine();
  const before = state.numBytes;
  let [bytes, most] = [before, before];
  Object.defineProperty(state, "numBytes", {
    configurable: true,
    get: () => bytes,
    set: (value: number) => {
      bytes = value;
      most = Math.max(most, bytes);
    },
  });
  try {
    await work();
  } finally {
    Object.defineProperty(state, "numBytes", { value: bytes, writable: true, configurable: true });
  }
  return most - before;
}

describe("the memory estimate", () => {
  let model: UnifiedModel;
  let bytesBefore = 0;

  beforeAll(async () => {
    await registerGradients();
    await tf.setBackend("cpu");
    bytesBefore = tf.memory().numBytes;
    model = await loadModel(
      folderReader(fileURLToPath(new URL("../../../../public/models/nano", import.meta.url))),
      "nano",
    );
    await openForWork(model);
  }, 60_000);
  afterAll(() => model.dispose());

  it("bounds what stays when all has been used", async () => {
    for (const work of Object.values(WORK)) await work(model, DEMAND);
    const { weights, adapter } = model.estimateMemory(DEMAND);
    const held = tf.memory().numBytes - bytesBefore;
    expect(weights + adapter).toBeGreaterThanOrEqual(held);
    expect(weights + adapter).toBeLessThan(1.2 * held);
  });

  it.each(Object.entries(WORK) as [keyof typeof WORK, Work][])(
    "bounds %s, and not by far",
    async (part, work) => {
      for (const demand of DEMANDS) {
        await work(model, demand);
        const peak = await peakDuring(() => work(model, demand));
        const planned = model.estimateMemory(demand)[part];
        expect(planned).toBeGreaterThanOrEqual(peak);
        expect(planned).toBeLessThan(3 * peak);
      }
    },
  );
});
