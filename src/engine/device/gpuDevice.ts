/**
 * The adapter and our own GPUDevice: what we ask of it, how we name it, and how its failures become typed errors.
 * Knows nothing of tfjs; `backend.ts` hands the device over.
 */
import { EngineError } from "../errors.ts";

/** Features we use where the adapter offers them. */
const WANTED_FEATURES: readonly string[] = ["shader-f16", "subgroups", "timestamp-query"];

/** Limits raised from WebGPU's small defaults to what the adapter allows: big weights, wide workgroups. */
const WANTED_LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupsPerDimension",
] as const satisfies readonly (keyof GPUSupportedLimits)[];

/** Names under which CPU implementations of a GPU appear (SwiftShader, Mesa, Windows WARP). */
const SOFTWARE_NAMES = /swiftshader|llvmpipe|lavapipe|softpipe|software|basic render|\bwarp\b/i;

/** What a person should know of an adapter. */
export interface AdapterDescription {
  /** Vendor, architecture and model as far as the browser tells. */
  readonly name: string;
  /** The "GPU" is a program on the CPU. */
  readonly isSoftware: boolean;
}

/** The machine's best adapter, or null when there is none or asking fails. */
export async function requestAdapter(gpu: GPU | null): Promise<GPUAdapter | null> {
  try {
    return (await gpu?.requestAdapter({ powerPreference: "high-performance" })) ?? null;
  } catch {
    return null;
  }
}

/** Names an adapter and tells software ones apart. */
export function describeAdapter(adapter: GPUAdapter): AdapterDescription {
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const words = [...new Set([vendor, architecture, description || device].filter((word) => word))];
  const name = words.join(" ") || "unnamed adapter";
  return { name, isSoftware: isFallbackAdapter === true || SOFTWARE_NAMES.test(name) };
}

/**
 * Opens a device with the adapter's own limits and every wanted feature it offers.
 * @param unwanted features to do without all the same
 * @throws EngineError("noWebGpu") when the adapter refuses
 */
export async function openDevice(adapter: GPUAdapter, unwanted: readonly string[] = []): Promise<GPUDevice> {
  const requiredLimits = Object.fromEntries(WANTED_LIMITS.map((limit) => [limit, adapter.limits[limit]]));
  const requiredFeatures = WANTED_FEATURES.filter(
    (feature) => adapter.features.has(feature) && !unwanted.includes(feature),
  ) as GPUFeatureName[];
  try {
    return await adapter.requestDevice({ label: "unirl", requiredFeatures, requiredLimits });
  } catch (cause) {
    throw new EngineError(
      "noWebGpu",
      `The GPU refused to open a device (${cause instanceof Error ? cause.message : String(cause)}). Update the browser or the driver, or use the wasm backend.`,
      {},
      { cause },
    );
  }
}

/** Types an error that no error scope caught. */
export function toGpuError(error: GPUError): EngineError {
  if (error instanceof GPUOutOfMemoryError) {
    return new EngineError(
      "outOfMemory",
      `The GPU ran out of memory (${error.message}). Close other tabs that use it, or lower the memory budget: the run is then cut into smaller pieces.`,
    );
  }
  return new EngineError(
    "gpuError",
    `The GPU reported an error: ${error.message}. The step's numbers cannot be trusted; go back to the last checkpoint.`,
  );
}

/** Types the loss of a device. */
export function toLostError(lost: GPUDeviceLostInfo): EngineError {
  const why = lost.message ? ` (${lost.message})` : "";
  return new EngineError(
    "deviceLost",
    `The GPU device was lost${why}. Reconnect to go on from the last checkpoint.`,
    { reason: String(lost.reason) },
  );
}
