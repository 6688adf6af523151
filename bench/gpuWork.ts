/** What a contender asks of the GPU through tfjs: when it is done, what was dispatched, what memory it took. */
import * as tf from "@tensorflow/tfjs-core";
import { deviceMemory, trimMemory } from "../src/engine/device/backend.ts";
import type { GpuCounters, TrainerBackend } from "../src/engine/device/trainerBackend.ts";

/** The backend that runs, if it is WebGPU. */
function gpuBackend(): TrainerBackend | null {
  return tf.getBackend() === "webgpu" ? (tf.backend() as unknown as TrainerBackend) : null;
}

/** Hands over all recorded work and waits for its end; nothing is read back. At once where there is no GPU. */
export async function finishGpu(): Promise<void> {
  const backend = gpuBackend();
  if (!backend) return;
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.submitQueue();
  await backend.queue.onSubmittedWorkDone();
}

/** Runs `work` so many times and counts what one of them asks of the GPU; null where it asks nothing. */
export async function countGpuWork(work: () => Promise<void>, times: number): Promise<GpuCounters | null> {
  const before = gpuBackend()?.counters();
  await work();
  const after = gpuBackend()?.counters();
  if (!before || !after || after.dispatches === before.dispatches) return null;
  const share = (name: keyof GpuCounters) => Math.round((after[name] - before[name]) / times);
  return {
    dispatches: share("dispatches"),
    submits: share("submits"),
    readbacks: share("readbacks"),
    readbackBytes: share("readbackBytes"),
  };
}

/**
 * Runs `work` with an empty pool. @returns bytes held on the GPU at its end: weights, inputs and, since a pool gives nothing
 * back while a run goes on, all that it ever needed at once. Null off the GPU
 */
export async function measureGpuBytes(work: () => Promise<void>): Promise<number | null> {
  const isGpu = gpuBackend() !== null;
  if (isGpu) {
    await finishGpu();
    trimMemory(0);
  }
  await work();
  return isGpu ? deviceMemory().gpuBytes : null;
}
