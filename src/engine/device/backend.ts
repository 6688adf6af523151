/**
 * Chooses and starts the tfjs backend, on a device of our own where it is WebGPU, and watches it. One backend runs
 * at a time; after a loss `closeBackend` and `startBackend` begin anew (all tensors are gone then).
 *
 * Source of the workarounds: spec/peers.md 2.1.
 */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../errors.ts";
import { isCompilingOnly } from "./compilation.ts";
import { DutyCycle, type Rest } from "./dutyCycle.ts";
import { describeAdapter, openDevice, requestAdapter, toGpuError, toLostError } from "./gpuDevice.ts";
import type { GpuUse } from "./gpuLog.ts";
import { programFeatures } from "./gpuProgram.ts";
import { registerGradients } from "./gradients.ts";
import type { ChoiceStore } from "./kernelChoices.ts";
import type { TrainerBackend } from "./trainerBackend.ts";
import { startWasm } from "./wasm.ts";

export type BackendName = "webgpu" | "wasm" | "cpu";

/** Which backend runs and why; the form of the `backendStarted` event. */
export interface BackendReport {
  readonly backend: BackendName;
  /** Name of the GPU, or of the processor path. */
  readonly adapter: string;
  /** WebGPU on an adapter that is a program on the CPU. */
  readonly isSoftware: boolean;
  /** Granted GPU features; for wasm "simd" and "threads". */
  readonly features: readonly string[];
  /** One sentence. */
  readonly reason: string;
}

/** Everything the engine needs of its surroundings to compute. */
export interface BackendOptions {
  /** "auto": hardware WebGPU, else wasm, else software WebGPU, else plain JavaScript. */
  readonly prefer: "auto" | BackendName;
  /** `navigator.gpu`, or null where there is none. */
  readonly gpu: GPU | null;
  /** Folder of tfjs's wasm binaries, ending in "/": a URL in a page, a path in Node. */
  readonly wasmUrl: string;
  /** Allow wasm threads: `crossOriginIsolated` in a page. */
  readonly allowThreads: boolean;
  /** GPU features to do without, though the adapter offers them. */
  readonly unwanted?: readonly string[];
  /** The device is gone; nothing can be computed until `startBackend` again. */
  readonly onLost?: (error: EngineError) => void;
  /** The device reported an error outside any call. */
  readonly onError?: (error: EngineError) => void;
}

interface Running {
  readonly device: GPUDevice | null;
  lost: EngineError | null;
  isClosing: boolean;
}

/** tfjs is one global engine, so what runs on it is one too. */
let running: Running | null = null;

/** MatMulPackedProgram: the stock choice, split-K, reads a transposed B wrongly (spec/peers.md 0, finding 1). */
const PACKED_MATMUL = 3;

/** With the self-test's whole numbers every exact product is an integer, so f32 must give it exactly. */
const SELF_TEST_ROWS = 8;
const SELF_TEST_INNER = 2048;
const SELF_TEST_COLUMNS = 16;

/**
 * Starts the best allowed backend and makes it tfjs's current one.
 * @throws EngineError("noWebGpu") when WebGPU is demanded and missing; EngineError("noBackend") when another
 *   demanded backend does not start
 */
export async function startBackend(options: BackendOptions): Promise<BackendReport> {
  closeBackend();
  await registerGradients();
  switch (options.prefer) {
    case "webgpu": {
      const adapter = await requestAdapter(options.gpu);
      if (!adapter) throw noWebGpu(options.gpu);
      return startWebGpu(adapter, options, "WebGPU was asked for.");
    }
    case "wasm":
      return startWasmBackend(options, "wasm was asked for.");
    case "cpu":
      return startCpu("Plain JavaScript was asked for; it is the slowest way.");
    case "auto":
      return startBest(options);
    default:
      throw new EngineError(
        "badInput",
        `There is no backend named ${String(options.prefer satisfies never)}.`,
      );
  }
}

function noWebGpu(gpu: GPU | null): EngineError {
  return new EngineError(
    "noWebGpu",
    gpu
      ? "WebGPU offers no adapter on this machine. Switch on hardware acceleration, or use the wasm backend."
      : "WebGPU is not available here. Use a current Chrome or Edge (in Node: npm install webgpu), or the wasm backend.",
  );
}

function explain(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

async function startBest(options: BackendOptions): Promise<BackendReport> {
  const adapter = await requestAdapter(options.gpu);
  const isSoftware = adapter ? describeAdapter(adapter).isSoftware : false;
  let why = options.gpu ? "WebGPU offers no adapter" : "WebGPU is not available here";
  if (adapter && !isSoftware) {
    try {
      return await startWebGpu(adapter, options, "A hardware GPU is available.");
    } catch (thrown) {
      closeBackend();
      why = explain(thrown);
    }
  } else if (adapter) {
    why = `The only GPU is a program on the CPU (${describeAdapter(adapter).name}), and wasm is faster`;
  }
  try {
    return await startWasmBackend(options, `${why.replace(/\.$/, "")}: wasm runs instead.`);
  } catch (thrown) {
    closeBackend();
    why = explain(thrown);
  }
  if (adapter && isSoftware) return startWebGpu(adapter, options, `${why} A software GPU runs instead.`);
  return startCpu(`${why} Plain JavaScript runs instead, slowly.`);
}

async function startWebGpu(
  adapter: GPUAdapter,
  options: BackendOptions,
  reason: string,
): Promise<BackendReport> {
  const { TrainerBackend } = await import("./trainerBackend.ts");
  const { name, isSoftware } = describeAdapter(adapter);
  const device = await openDevice(adapter, options.unwanted);
  watch(device, options);
  // The package registers a factory that opens a device we do not own; kernels are bound to the name.
  if (tf.findBackendFactory("webgpu")) tf.removeBackend("webgpu");
  const features = programFeatures(device.features, options.gpu?.wgslLanguageFeatures ?? new Set());
  tf.registerBackend("webgpu", () => new TrainerBackend(device, adapter.info, { isSoftware, features }));
  tf.env().set("WEBGPU_MATMUL_PROGRAM_TYPE", PACKED_MATMUL);
  // Small operations would otherwise run on the CPU backend, unseen and with other rounding.
  tf.env().set("WEBGPU_CPU_FORWARD", false);
  await activate("webgpu");
  await testProduct(name);
  return { backend: "webgpu", adapter: name, isSoftware, features: [...device.features], reason };
}

function watch(device: GPUDevice, options: BackendOptions): void {
  const state: Running = { device, lost: null, isClosing: false };
  running = state;
  void device.lost.then((lost) => {
    if (state.isClosing) return;
    state.lost = toLostError(lost);
    options.onLost?.(state.lost);
  });
  device.addEventListener("uncapturederror", (event) => {
    if (!state.isClosing && !state.lost) options.onError?.(toGpuError(event.error));
  });
}

async function startWasmBackend(options: BackendOptions, reason: string): Promise<BackendReport> {
  running = { device: null, lost: null, isClosing: false };
  const features = await startWasm(options.wasmUrl, options.allowThreads);
  return { backend: "wasm", adapter: "WebAssembly on the CPU", isSoftware: false, features, reason };
}

async function startCpu(reason: string): Promise<BackendReport> {
  running = { device: null, lost: null, isClosing: false };
  await import("@tensorflow/tfjs-backend-cpu");
  await activate("cpu");
  return { backend: "cpu", adapter: "JavaScript on the CPU", isSoftware: false, features: [], reason };
}

async function activate(name: BackendName): Promise<void> {
  if (await tf.setBackend(name)) return;
  throw new EngineError(
    "noBackend",
    `The ${name} backend did not start. Choose another with --backend or ?backend=.`,
  );
}

/** A product of the shape stock tfjs gets wrong, in whole numbers: refuses a GPU that computes garbage. */
async function testProduct(adapter: string): Promise<void> {
  const wave = (length: number, period: number) => Array.from({ length }, (_, at) => (at % period) - 1);
  const a = wave(SELF_TEST_ROWS * SELF_TEST_INNER, 3);
  const b = wave(SELF_TEST_COLUMNS * SELF_TEST_INNER, 5);
  const product = tf.tidy(() =>
    tf.matMul(
      tf.tensor2d(a, [SELF_TEST_ROWS, SELF_TEST_INNER]),
      tf.tensor2d(b, [SELF_TEST_COLUMNS, SELF_TEST_INNER]),
      false,
      true,
    ),
  );
  const values = await product.data();
  product.dispose();
  const isRight = values.every((value, at) => {
    const row = Math.floor(at / SELF_TEST_COLUMNS) * SELF_TEST_INNER;
    const column = (at % SELF_TEST_COLUMNS) * SELF_TEST_INNER;
    let expected = 0;
    for (let k = 0; k < SELF_TEST_INNER; k++) expected += (a[row + k] ?? 0) * (b[column + k] ?? 0);
    return value === expected;
  });
  if (isRight) return;
  throw new EngineError(
    "gpuError",
    `The GPU (${adapter}) multiplies matrices wrongly. Update its driver, or use the wasm backend.`,
  );
}

/**
 * Stops the current backend and frees the device; every tensor and variable is gone with it. Does nothing when
 * none runs.
 */
export function closeBackend(): void {
  if (!running) return;
  running.isClosing = true;
  const { device } = running;
  running = null;
  tf.engine().reset();
  device?.destroy();
}

/** The device of the running WebGPU backend, to encode own kernels on or to destroy in tests; else null. */
export function currentDevice(): GPUDevice | null {
  return running?.device ?? null;
}

let readShare = () => 1;

/** @param share of the time that stretches of work may take, above 0 and up to 1; read at every rest from now on */
export function limitShare(share: () => number): void {
  readShare = share;
}

const dutyCycle = new DutyCycle({
  share: () => (isCompilingOnly() ? 1 : readShare()),
  workedMs: () => (running?.device ? (tf.backend() as unknown as TrainerBackend).busyMs : tf.util.now()),
  settle: async () => {
    if (running?.device) await (tf.backend() as unknown as TrainerBackend).finishWork();
  },
  now: tf.util.now,
});

/** A stretch of work begins, on the GPU or on this thread. @returns to be awaited at its end: rests as `limitShare` asks */
export function beginStretch(): Rest {
  return dutyCycle.begin();
}

/** Resolves once the GPU has done what was handed to it so far; at once where there is none. Reads nothing back. */
export async function finishSubmitted(): Promise<void> {
  await running?.device?.queue.onSubmittedWorkDone();
}

/**
 * Compiles in parallel the shaders that `body` would run, without running anything (`TrainerBackend.compileAhead`). Does
 * nothing off WebGPU: nothing is compiled there.
 * @param onProgress pipelines compiled so far, of how many
 * @throws EngineError("gpuError")
 */
export async function compileAhead(
  body: () => Promise<unknown>,
  onProgress?: (compiled: number, total: number) => void,
): Promise<void> {
  if (running?.device) await (tf.backend() as unknown as TrainerBackend).compileAhead(body, onProgress);
}

/**
 * Finds out by short timing runs which kernels are fastest here for what was compiled ahead, unless the store knows. Does
 * nothing off WebGPU and on a GPU that is a program on the CPU.
 */
export async function settleKernelChoices(store: ChoiceStore): Promise<void> {
  if (running?.device) await (tf.backend() as unknown as TrainerBackend).settleChoices(store);
}

/**
 * Names the cause of a failure during a step: once the device is lost, whatever tfjs throws means that.
 * @returns the loss, or `thrown` itself
 */
export function explainFailure(thrown: unknown): unknown {
  return running?.lost ?? thrown;
}

/** From now on what is asked of the GPU is booked on this phase; null: on none. Does nothing off the GPU. */
export function enterPhase(phase: string | null): void {
  if (running?.device) (tf.backend() as unknown as TrainerBackend).enterPhase(phase);
}

/** What each phase asked of the GPU since the last call, once it has done it; null off the GPU. */
export async function takeGpuUse(): Promise<ReadonlyMap<string, GpuUse> | null> {
  return running?.device ? await (tf.backend() as unknown as TrainerBackend).takeUse() : null;
}

/** What tensors take. */
export interface DeviceMemory {
  readonly numTensors: number;
  /** Bytes of live tensors. */
  readonly numBytes: number;
  /** Bytes held on the GPU, buffers kept for reuse included; null off the GPU. */
  readonly gpuBytes: number | null;
}

/** Measures the current backend's memory; cheap. Zeros when none runs. */
export function deviceMemory(): DeviceMemory {
  if (!running) return { numTensors: 0, numBytes: 0, gpuBytes: null };
  const memory: ReturnType<typeof tf.memory> & { numBytesAllocatedInGPU?: number } = tf.memory();
  return {
    numTensors: memory.numTensors,
    numBytes: memory.numBytes,
    gpuBytes: memory.numBytesAllocatedInGPU ?? null,
  };
}
