import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../cli/node/dawn.ts";
import { startNodeBackend } from "../../cli/node/nodeBackend.ts";
import { closeBackend } from "../device/backend.ts";
import type { GpuProgram } from "../device/gpuProgram.ts";
import type { TrainerBackend } from "../device/trainerBackend.ts";
import { workgroupSum } from "./workgroupSum.ts";

const hasDawn = (await openDawn()) !== null;

describe.skipIf(!hasDawn)("a sum over a workgroup", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  });
  afterAll(closeBackend);

  it.each([
    [64, false],
    [64, true],
    [6, true],
    [1, true],
  ])("of %i threads reaches all of them, by subgroups: %s", async (threads, hasSubgroups) => {
    const backend = tf.backend() as unknown as TrainerBackend;
    if (hasSubgroups && !backend.features.has("subgroups")) return;
    const sum = workgroupSum(threads, hasSubgroups);
    const program = {
      name: "sum",
      inputs: { x: "f32" },
      outputs: { y: "vec2<f32>" },
      uniforms: {},
      features: sum.features,
      body: `${sum.functions}
@compute @workgroup_size(${threads}) fn main(@builtin(local_invocation_index) thread: u32${sum.builtins}) {
  y[thread] = ${sum.of("vec2<f32>(x[thread], 1.0)")};
}`,
    } as const satisfies GpuProgram;
    const outputs = { y: { shape: [threads, 2], dtype: "float32" as const } };
    const { y } = backend.runProgram(program, { x: tf.range(0, threads) }, outputs, {}, [1, 1, 1]);
    const sums = await tf.engine().makeTensorFromTensorInfo(y).data();
    const expected = [(threads * (threads - 1)) / 2, threads];
    expect([...sums]).toEqual(Array.from({ length: threads }, () => expected).flat());
  });
});
