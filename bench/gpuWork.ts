/** What a contender asks of the GPU through tfjs: when it is done, what was dispatched, what memory it took. */
import * as tf from "@tensorflow/tfjs-core";
import { compileAhead, settleKernelChoices } from "../src/engine/device/backend.ts";
import type { GpuCounters } from "../src/engine/device/gpuLog.ts";
import type { TrainerBackend } from "../src/engine/device/trainerBackend.ts";

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

/** Whether kernels are chosen by timing them: never on a GPU that is a program. */
export function areKernelsTimed(): boolean {
  return gpuBackend()?.isSoftware === false;
}

/** Answers by timing what was asked while compiling ahead. Nothing is kept: every measurement finds out anew. */
export async function settleChoices(): Promise<void> {
  await settleKernelChoices({ load: async () => ({}), save: async () => {} });
}

/**
 * Lets kernels of several forms be timed for the shapes of `work`, as a run does before its first step.
 * @param work was done before, so that what it makes once is there
 */
export async function chooseKernels(work: () => Promise<void>): Promise<void> {
  await compileAhead(work);
  await settleChoices();
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

/** Runs `work` and counts its dispatches by program, most first. */
export async function countPrograms(work: () => Promise<void>): Promise<Readonly<Record<string, number>>> {
  const before = gpuBackend()?.dispatchesByProgram();
  await work();
  const counted = [...(gpuBackend()?.dispatchesByProgram() ?? [])]
    .map(([name, count]) => [name, count - (before?.get(name) ?? 0)] as const)
    .filter(([, count]) => count > 0);
  return Object.fromEntries(counted.toSorted(([, a], [, b]) => b - a));
}

/**
 * Runs `work`. @returns the most bytes of GPU buffers in use at once: weights, inputs, and all that the run needed
 * besides; what is kept for reuse is not among them. Null off the GPU
 */
export async function measureGpuBytes(work: () => Promise<void>): Promise<number | null> {
  const pool = gpuBackend()?.bufferManager;
  if (!pool) {
    await work();
    return null;
  }
  await finishGpu();
  const { acquireBuffer } = pool;
  let most = pool.numBytesUsed;
  pool.acquireBuffer = (...given) => {
    const buffer = acquireBuffer.apply(pool, given);
    most = Math.max(most, pool.numBytesUsed);
    return buffer;
  };
  try {
    await work();
  } finally {
    pool.acquireBuffer = acquireBuffer;
  }
  return most;
}
