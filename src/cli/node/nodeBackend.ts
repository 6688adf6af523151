/** Starts the engine's backend in Node: Dawn and wasm binaries come from node_modules. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import {
  type BackendOptions,
  type BackendReport,
  closeBackend,
  startBackend,
} from "../../engine/device/backend.ts";
import { openDawn } from "./dawn.ts";

/** Folder of tfjs's wasm binaries, ending in "/". */
export function findWasmFolder(): string {
  const manifest = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/package.json");
  return `${join(dirname(manifest), "dist")}/`;
}

/** Readies Node for `startBackend`, and opens Dawn where the choice may fall on it. */
export async function prepareNode(prefer: BackendOptions["prefer"]): Promise<GPU | null> {
  // Closing resets tfjs's flags, so it comes first; the flag silences an advertisement of the native Node package.
  closeBackend();
  tf.enableProdMode();
  return prefer === "auto" || prefer === "webgpu" ? await openDawn() : null;
}

/**
 * The Node form of `startBackend`. wasm runs without threads: tfjs cannot start its thread workers in Node.
 * @throws EngineError("noWebGpu" | "noBackend")
 */
export async function startNodeBackend(
  prefer: BackendOptions["prefer"],
  watch: Pick<BackendOptions, "onLost" | "onError"> = {},
): Promise<BackendReport> {
  const gpu = await prepareNode(prefer);
  return startBackend({ prefer, gpu, wasmUrl: findWasmFolder(), allowThreads: false, ...watch });
}
