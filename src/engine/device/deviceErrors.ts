/**
 * What a device reports late. A GPU that runs out of memory, or refuses a command, does not throw: it computes zeros, and
 * says so to whoever asks. Work that must not be believed unchecked runs within error scopes, and asks before it writes.
 */
import type { EngineError } from "../errors.ts";
import { toGpuError } from "./gpuDevice.ts";

/** Innermost last. Out of memory comes first when asked: what follows from it is told as refused commands. */
const FILTERS = ["internal", "validation", "out-of-memory"] as const satisfies readonly GPUErrorFilter[];

class ErrorScopes {
  readonly #device: GPUDevice;

  constructor(device: GPUDevice) {
    this.#device = device;
    for (const filter of FILTERS) device.pushErrorScope(filter);
  }

  /** Ends the scopes. @returns the first error within, typed; null for none, or when the device is lost */
  async close(): Promise<EngineError | null> {
    const found = FILTERS.map(() => this.#device.popErrorScope().catch(() => null));
    const errors = await Promise.all(found);
    const error = errors.find((reported) => reported !== null);
    return error ? toGpuError(error) : null;
  }
}

/** Resolves when all that was asked of the device so far went well. @throws EngineError("outOfMemory" | "gpuError") */
export type CheckDevice = () => Promise<void>;

/**
 * Runs work with the device's errors caught; where work fails for another reason, a device's error is the better one.
 * @param device null: there is nothing to catch
 * @throws EngineError("outOfMemory" | "gpuError") at the check that follows the error, at the end at the latest
 */
export async function* catchDeviceErrors<E, R>(
  device: GPUDevice | null,
  work: (check: CheckDevice) => AsyncGenerator<E, R>,
): AsyncGenerator<E, R> {
  if (!device) return yield* work(async () => {});
  let scopes: ErrorScopes | null = new ErrorScopes(device);
  const close = async () => {
    const closing = scopes?.close() ?? null;
    scopes = null;
    return await closing;
  };
  const check = async () => {
    const error = await close();
    if (error) throw error;
    scopes = new ErrorScopes(device);
  };
  try {
    const result = yield* work(check);
    await check();
    return result;
  } catch (thrown) {
    throw (await close()) ?? thrown;
  } finally {
    await close();
  }
}
