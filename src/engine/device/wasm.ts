/** Starts tfjs's wasm backend: SIMD always, threads where allowed and working. */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../errors.ts";

/** Threads start in well under a second; a bundle or policy that breaks their workers never answers at all. */
const THREADS_TIMEOUT_MS = 10_000;

/** Timers exist in pages, workers and Node, but not in the engine's DOM-free type library. */
declare function setTimeout(action: () => void, delayMs: number): number;
declare function clearTimeout(timer: number | undefined): void;

async function tryStart(): Promise<boolean> {
  try {
    return await tf.setBackend("wasm");
  } catch {
    return false;
  }
}

async function tryThreads(): Promise<boolean> {
  let timer: number | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), THREADS_TIMEOUT_MS);
  });
  const isStarted = await Promise.race([tryStart(), timeout]);
  clearTimeout(timer);
  return isStarted;
}

/**
 * Makes wasm tfjs's current backend.
 * @param wasmUrl folder of the binaries, ending in "/"
 * @returns the features in use: "simd", "threads"
 * @throws EngineError("noBackend") when it does not start
 */
export async function startWasm(wasmUrl: string, allowThreads: boolean): Promise<string[]> {
  const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  const hasSimd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
  const hasThreads = allowThreads && (await tf.env().getAsync("WASM_HAS_MULTITHREAD_SUPPORT"));
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", hasThreads);
  const features = hasSimd ? ["simd"] : [];
  try {
    setWasmPaths(wasmUrl);
    if (hasThreads && hasSimd && (await tryThreads())) return [...features, "threads"];
  } catch {
    // Binaries that failed to load once cannot be set up again in this realm; the attempt below says so.
  }
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  if (await tryStart()) return features;
  throw new EngineError(
    "noBackend",
    `WebAssembly did not start from ${wasmUrl}. Check that the tfjs-backend-wasm binaries lie there and are served.`,
    { wasmUrl },
  );
}
