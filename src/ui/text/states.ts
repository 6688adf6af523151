/** Words about what a run runs on: the device is checked, warmed up, described, lost; the screen is kept awake. */
import type { EventOf } from "../../protocol/events.ts";
import type { Opening } from "../stores/runStore.ts";

export const COMEBACK_WORDS = {
  title: "After a reset of the GPU",
  coming: (lostAt: number) =>
    `The GPU was reset at step ${lostAt}. Reconnecting; the run goes on from its last checkpoint.`,
  back: (lostAt: number, resumedAt: number) =>
    resumedAt > 0
      ? `The GPU was reset at step ${lostAt}; the run goes on from the checkpoint of step ${resumedAt}.`
      : `The GPU was reset at step ${lostAt}, before anything was saved; the run begins again with the same settings.`,
} as const;

export const AWAKE_WORDS = {
  keep: "Keep the screen awake while training",
  refused: "Keep the screen awake: the browser would not; try again",
} as const;

export const BACKEND_NAMES = { webgpu: "WebGPU", wasm: "WebAssembly", cpu: "plain JavaScript" } as const;

/** What computes, in a few words, and all that is known of it in sentences. */
export function describeDevice(device: EventOf<"backendStarted">): {
  where: string;
  facts: readonly string[];
} {
  const { backend, adapter, isSoftware, features, reason } = device;
  const isGpu = backend === "webgpu";
  return {
    where: `${isGpu ? adapter : "on the CPU"}${isSoftware ? " (software)" : ""}`,
    facts: [
      reason,
      `Features: ${features.join(", ") || "none"}.`,
      ...(isGpu && !features.includes("shader-f16")
        ? ["This GPU has no 16-bit arithmetic (f16); nothing here needs it."]
        : []),
    ],
  };
}

interface StageWords {
  readonly title: string;
  readonly story: string;
}

/** The stages of opening a model, in their order. */
export const STAGE_WORDS = {
  checking: { title: "Check", story: "Checking what this machine can compute with…" },
  download: { title: "Download", story: "Fetching the model. It is kept by the browser for next time." },
  upload: { title: "Upload", story: "Moving the weights to where they are computed with…" },
  warmUp: {
    title: "Warm up",
    story: "Compiling what a step runs for this GPU, so that the first step is as fast as the next ones.",
  },
} as const satisfies { readonly [S in Exclude<Opening, "idle" | "ready">]: StageWords };

export const OPENING_WORDS = {
  /** In the status line. */
  checking: "checking the GPU…",
  shaders: (compiled: number, total: number) => `compiling shaders ${compiled} of ${total}`,
} as const;
