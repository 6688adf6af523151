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
import { SequenceLayout } from "./sequences.ts";

const gpu = await openDawn();

describe.skipIf(!gpu)("attention with wide heads on WebGPU", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  });
  afterAll(closeBackend);

  /** Two sequences of one head. */
  function prepare(queries: number, keys: number) {
    const layout = new SequenceLayout([{ count: 2, queries, keyStart: 0, keys, ranges: null }], 2 * keys);
    const [q, k, v] = [queries, keys, keys].map((rows, at) => randomTensor(`${at}`, [2 * rows, 128])) as [
      ...[tf.Tensor2D, tf.Tensor2D, tf.Tensor2D],
    ];
    return { layout, inputs: [q, k, v] as const };
  }

  it("agrees with its twin forward and backward", async () => {
    await expectTwinAgrees(() => {
      const { layout, inputs } = prepare(6, 9);
      const weights = randomTensor("w", inputs[0].shape);
      const run = (...given: tf.Tensor[]) =>
        omniAttention(...(given as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D]), 1, layout);
      const loss = (...given: tf.Tensor[]) => tf.sum(tf.mul(run(...given), weights));
      return [run(...inputs), ...tf.grads(loss)([...inputs])];
    });
  });

  it("decodes on a device that has no more than WebGPU promises", async () => {
    const runProgram = vi.spyOn(tf.backend() as unknown as TrainerBackend, "runProgram");
    await expectTwinAgrees(() => {
      const { layout, inputs } = prepare(1, 70);
      return [omniAttention(...inputs, 1, layout)];
    });
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
