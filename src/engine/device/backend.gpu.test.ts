import * as tf from "@tensorflow/tfjs-core";
import { afterAll, describe, expect, it } from "vitest";
import { openDawn } from "../../cli/node/dawn.ts";
import { startNodeBackend } from "../../cli/node/nodeBackend.ts";
import { EngineError } from "../errors.ts";
import { closeBackend, currentDevice, deviceMemory, explainFailure } from "./backend.ts";

const hasDawn = (await openDawn()) !== null;

describe.skipIf(!hasDawn)("a WebGPU device of our own", { timeout: 120_000 }, () => {
  afterAll(closeBackend);

  it("gets the adapter's limits, names it and counts its memory", async () => {
    const report = await startNodeBackend("webgpu");
    expect(report.backend).toBe("webgpu");
    expect(report.adapter).not.toBe("");
    const device = currentDevice();
    expect(device?.limits.maxStorageBufferBindingSize).toBeGreaterThan(128 * 2 ** 20);
    expect(tf.env().get("WEBGPU_MATMUL_PROGRAM_TYPE")).toBe(3);
    const sum = tf.add(tf.ones([256, 256]), 1);
    await sum.data();
    expect(deviceMemory().gpuBytes).toBeGreaterThanOrEqual(256 * 256 * 4);
    sum.dispose();
  });

  it("reports an error outside any call", async () => {
    const errors: EngineError[] = [];
    await startNodeBackend("webgpu", { onError: (error) => errors.push(error) });
    const device = currentDevice();
    device?.createShaderModule({ code: "this is no WGSL" });
    await device?.queue.onSubmittedWorkDone();
    await expect.poll(() => errors.length).toBeGreaterThan(0);
    expect(errors[0]).toMatchObject({ code: "gpuError" });
  });

  it("reports a lost device once, explains what then fails, and starts again", async () => {
    const losses: EngineError[] = [];
    await startNodeBackend("webgpu", { onLost: (error) => losses.push(error) });
    const x = tf.ones([4, 4]);
    await tf.add(x, 1).data();
    currentDevice()?.destroy();
    await expect.poll(() => losses.length).toBe(1);
    expect(losses[0]).toMatchObject({ code: "deviceLost" });
    const failure = explainFailure(new Error("mapAsync failed"));
    expect(failure).toBeInstanceOf(EngineError);
    expect(failure).toMatchObject({ code: "deviceLost" });
    const report = await startNodeBackend("webgpu", { onLost: (error) => losses.push(error) });
    expect(report.backend).toBe("webgpu");
    expect([...(await tf.add(tf.ones([2]), 1).data())]).toEqual([2, 2]);
    closeBackend();
    expect(losses.length).toBe(1);
  });
});
