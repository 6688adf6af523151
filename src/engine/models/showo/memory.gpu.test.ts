import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { folderReader } from "../../../cli/node/files.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import type { BufferPool } from "../../device/bufferPool.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { loadModel } from "../loadModel.ts";
import type { UnifiedModel } from "../unified.ts";
import { DEMAND, itBoundsEveryPart, openForWork, WORK } from "./__fixtures__/memoryWork.ts";

const hasDawn = (await openDawn()) !== null;
const TIMEOUT_MS = 300_000;

describe.skipIf(!hasDawn)("the memory estimate on WebGPU", { timeout: TIMEOUT_MS }, () => {
  let model: UnifiedModel;
  const backend = () => tf.backend() as unknown as TrainerBackend;
  const pool = () => backend().bufferManager as unknown as BufferPool;

  beforeAll(async () => {
    await startNodeBackend("webgpu");
    const nano = fileURLToPath(new URL("../../../../public/models/nano", import.meta.url));
    model = await openForWork(await loadModel(folderReader(nano), "nano"));
  }, TIMEOUT_MS);
  afterAll(() => {
    model?.dispose();
    closeBackend();
  });

  /** The most bytes of buffers in use during `work`, beyond those before. */
  async function peakDuring(work: () => Promise<void>): Promise<number> {
    const manager = pool();
    const acquire = manager.acquireBuffer.bind(manager);
    const before = manager.numBytesUsed;
    let most = before;
    manager.acquireBuffer = (...given) => {
      const buffer = acquire(...given);
      most = Math.max(most, manager.numBytesUsed);
      return buffer;
    };
    try {
      await work();
      await backend().finishWork();
    } finally {
      manager.acquireBuffer = acquire;
    }
    return most - before;
  }

  it("bounds what stays when all has been used", async () => {
    for (const work of Object.values(WORK)) await work(model, DEMAND);
    await backend().finishWork();
    const { weights, adapter } = model.estimateMemory(DEMAND);
    expect(weights + adapter).toBeGreaterThanOrEqual(pool().numBytesUsed);
    expect(weights + adapter).toBeLessThan(1.5 * pool().numBytesUsed);
  });

  // What is freed when depends on how often work is handed over, and that on how fast the machine is.
  itBoundsEveryPart(() => model, peakDuring, 4);
});
