import { describe, expect, it } from "vitest";
import { describeDevice } from "./states.ts";

const GPU = {
  type: "backendStarted",
  backend: "webgpu",
  adapter: "NVIDIA Ada Lovelace",
  isSoftware: false,
  features: ["shader-f16", "subgroups"],
  reason: "A hardware GPU is available.",
} as const;

describe("describeDevice", () => {
  it("names the adapter, and all that is known of it", () => {
    expect(describeDevice({ ...GPU, features: [...GPU.features] })).toEqual({
      where: "NVIDIA Ada Lovelace",
      facts: ["A hardware GPU is available.", "Features: shader-f16, subgroups."],
    });
  });

  it("says plainly what a GPU without f16 lacks, and of the processor nothing of the kind", () => {
    const bare = describeDevice({ ...GPU, isSoftware: true, features: [] });
    expect(bare.where).toBe("NVIDIA Ada Lovelace (software)");
    expect(bare.facts.slice(1)).toEqual([
      "Features: none.",
      "This GPU has no 16-bit arithmetic (f16); nothing here needs it.",
    ]);
    const { where, facts } = describeDevice({ ...GPU, backend: "wasm", features: ["simd"] });
    expect(where).toBe("on the CPU");
    expect(facts).toEqual(["A hardware GPU is available.", "Features: simd."]);
  });
});
