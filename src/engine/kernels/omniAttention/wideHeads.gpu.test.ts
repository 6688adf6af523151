/** Heads of 128, whose shaders take long to compile, apart from the others. */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import { writeWgsl } from "../../device/gpuProgram.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { expectTwinAgrees, randomTensor } from "../oracle.ts";
import { omniAttention } from "./omniAttention.ts";

const gpu = await openDawn();

describe.skipIf(!gpu)("attention with wide heads on WebGPU", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  });
  afterAll(closeBackend);

  const inputs = (queries: number, keys: number) =>
    [queries, keys, keys].map((rows, at) => randomTensor(`${at}`, [2, rows, 1, 128])) as [
      ...[tf.Tensor4D, tf.Tensor4D, tf.Tensor4D],
    ];

  it("agrees with its twin forward and backward", async () => {
    const [q, k, v] = inputs(6, 9);
    const weights = randomTensor("w", q.shape);
    await expectTwinAgrees(() => {
      const run = (...given: tf.Tensor[]) =>
        omniAttention(...(given as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D]), null);
      return [run(q, k, v), ...tf.grads((...given) => tf.sum(tf.mul(run(...given), weights)))([q, k, v])];
    });
  });

  it("decodes on a device that has no more than WebGPU promises", async () => {
    const [q, k, v] = inputs(1, 70);
    const runProgram = vi.spyOn(tf.backend() as unknown as TrainerBackend, "runProgram");
    await expectTwinAgrees(() => [omniAttention(q, k, v, null)]);
    const [call] = runProgram.mock.calls;
    runProgram.mockRestore();
    const device = await (await gpu?.requestAdapter())?.requestDevice();
    if (!device || !call) throw new Error("No plain device, or no shader ran.");
    expect(device.limits.maxComputeWorkgroupStorageSize).toBe(16_384);
    device.pushErrorScope("validation");
    device.createComputePipeline({
      layout: "auto",
      compute: { module: device.createShaderModule({ code: writeWgsl(call[0]) }), entryPoint: "main" },
    });
    expect((await device.popErrorScope())?.message).toBeUndefined();
    device.destroy();
  });
});
