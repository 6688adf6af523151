import * as tf from "@tensorflow/tfjs-core";
import { afterEach, describe, expect, it } from "vitest";
import { findWasmFolder } from "../../cli/node/nodeBackend.ts";
import { type BackendOptions, closeBackend, currentDevice, deviceMemory, startBackend } from "./backend.ts";
import { describeAdapter } from "./gpuDevice.ts";

const options: BackendOptions = { prefer: "auto", gpu: null, wasmUrl: findWasmFolder(), allowThreads: false };

async function doubled(): Promise<number[]> {
  return [...(await tf.mul(tf.tensor1d([1, 2, 3]), 2).data())];
}

function adapterNamed(words: Partial<GPUAdapterInfo>): GPUAdapter {
  const blank = { vendor: "", architecture: "", device: "", description: "", isFallbackAdapter: false };
  return { info: { ...blank, ...words } } as GPUAdapter;
}

describe("startBackend", { timeout: 60_000 }, () => {
  afterEach(closeBackend);

  it("falls from a missing GPU to wasm with SIMD and says why", async () => {
    const report = await startBackend(options);
    expect(report.backend).toBe("wasm");
    expect(report.features).toEqual(["simd"]);
    expect(report.reason).toMatch(/not available here: wasm runs instead/);
    expect(tf.getBackend()).toBe("wasm");
    expect(await doubled()).toEqual([2, 4, 6]);
  });

  it("prefers wasm to a GPU without an adapter", async () => {
    const gpu = { requestAdapter: async () => null } as unknown as GPU;
    const report = await startBackend({ ...options, gpu });
    expect(report.backend).toBe("wasm");
    expect(report.reason).toMatch(/no adapter/);
  });

  it("prefers wasm to a GPU that is a program", async () => {
    const adapter = adapterNamed({ vendor: "google", architecture: "swiftshader" });
    const gpu = { requestAdapter: async () => adapter } as unknown as GPU;
    const report = await startBackend({ ...options, gpu });
    expect(report.backend).toBe("wasm");
    expect(report.reason).toMatch(/program on the CPU \(google swiftshader\)/);
  });

  it("goes on with wasm when a hardware GPU refuses a device", async () => {
    const requestDevice = async () => Promise.reject(new Error("driver says no"));
    const adapter = { ...adapterNamed({ vendor: "acme" }), limits: {}, features: new Set(), requestDevice };
    const gpu = { requestAdapter: async () => adapter } as unknown as GPU;
    const report = await startBackend({ ...options, gpu });
    expect(report.backend).toBe("wasm");
    expect(report.reason).toMatch(/driver says no/);
  });

  it("refuses WebGPU by name when it is demanded and missing", async () => {
    await expect(startBackend({ ...options, prefer: "webgpu" })).rejects.toMatchObject({ code: "noWebGpu" });
  });

  it("starts the cpu backend on demand, and again after closing", async () => {
    for (const prefer of ["cpu", "wasm", "cpu"] as const) {
      const report = await startBackend({ ...options, prefer });
      expect(report.backend).toBe(prefer);
      expect(await doubled()).toEqual([2, 4, 6]);
    }
    expect(currentDevice()).toBeNull();
  });

  it("forgets every tensor when closed and can differentiate when open", async () => {
    await startBackend({ ...options, prefer: "cpu" });
    const before = deviceMemory().numTensors;
    const x = tf.tensor1d([3]);
    const slope = tf.grad((v: tf.Tensor) => tf.sum(tf.square(v)))(x);
    expect([...(await slope.data())]).toEqual([6]);
    expect(deviceMemory()).toMatchObject({ numTensors: before + 2, gpuBytes: null });
    closeBackend();
    expect(deviceMemory().numTensors).toBe(0);
  });
});

describe("startBackend without wasm binaries", { timeout: 60_000 }, () => {
  it("names the folder, and falls to plain JavaScript where it may", async () => {
    const broken = { ...options, wasmUrl: "/nowhere/" };
    await expect(startBackend({ ...broken, prefer: "wasm" })).rejects.toMatchObject({
      code: "noBackend",
      message: expect.stringContaining("/nowhere/"),
    });
    const report = await startBackend(broken);
    expect(report.backend).toBe("cpu");
    closeBackend();
  });
});

describe("describeAdapter", () => {
  it("tells programs from hardware", () => {
    expect(describeAdapter(adapterNamed({ vendor: "apple", architecture: "metal-3" }))).toEqual({
      name: "apple metal-3",
      isSoftware: false,
    });
    expect(
      describeAdapter(adapterNamed({ vendor: "mesa", description: "llvmpipe (LLVM 15)" })).isSoftware,
    ).toBe(true);
    expect(describeAdapter(adapterNamed({ vendor: "amd", isFallbackAdapter: true })).isSoftware).toBe(true);
    expect(describeAdapter(adapterNamed({})).name).toBe("unnamed adapter");
  });
});
