/** Keeps a thread that also computes responsive: the caller's pause is awaited before every readback. */
import * as tf from "@tensorflow/tfjs-core";

/** Backends whose `data()` resolves without a turn of the event loop: nothing else would run between two steps. */
const BUSY_BACKENDS: readonly string[] = ["wasm", "cpu"];

/**
 * From now on every asynchronous readback of the current backend first awaits `pause`, so that messages and timers
 * get their turn (drawing reads back once a decoding step). Does nothing on WebGPU, whose readbacks wait anyway.
 */
export function breatheOnReads(pause: () => Promise<void>): void {
  if (!BUSY_BACKENDS.includes(tf.getBackend())) return;
  const backend = tf.backend();
  const read = backend.read.bind(backend);
  backend.read = async (dataId) => {
    await pause();
    return await read(dataId);
  };
}
