import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../cli/node/dawn.ts";
import { startNodeBackend } from "../../cli/node/nodeBackend.ts";
import { closeBackend } from "./backend.ts";
import type { GpuProgram } from "./gpuProgram.ts";
import type { TrainerBackend } from "./trainerBackend.ts";

const hasDawn = (await openDawn()) !== null;

/** y = x·factor, z = −x. */
const SCALE = {
  name: "scale",
  inputs: { x: "f32" },
  outputs: { y: "f32", z: "f32" },
  uniforms: { size: "u32", factor: "f32" },
  body: `@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.size) { return; }
    y[id.x] = x[id.x] * params.factor;
    z[id.x] = -x[id.x];
  }`,
} as const satisfies GpuProgram;

const backend = () => tf.backend() as unknown as TrainerBackend;

function scale(x: tf.Tensor, factor: number): { y: tf.Tensor; z: tf.Tensor } {
  const spec = { shape: x.shape, dtype: "float32" as const };
  const { y, z } = backend().runProgram(SCALE, { x }, { y: spec, z: spec }, { size: x.size, factor }, [
    Math.ceil(x.size / 64),
    1,
    1,
  ]);
  const toTensor = (info: tf.TensorInfo) => tf.engine().makeTensorFromTensorInfo(info);
  return { y: toTensor(y), z: toTensor(z) };
}

describe.skipIf(!hasDawn)("the trainer's backend", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  });
  afterAll(closeBackend);

  it("runs a program with two outputs between tfjs's own ops, in order", async () => {
    const x = tf.tensor1d([1, 2, 3]);
    const { y, z } = scale(tf.add(x, 1), 10);
    expect([...(await tf.sub(y, 1).data())]).toEqual([19, 29, 39]);
    expect([...(await z.data())]).toEqual([-2, -3, -4]);
  });

  it("keeps every dispatch's own uniforms, past the ring's end", async () => {
    const x = tf.tensor1d([1]);
    const results: tf.Tensor[] = [];
    for (let factor = 0; factor < 1500; factor++) results.push(scale(x, factor).y);
    const values = await tf.concat(results).data();
    expect([...values]).toEqual(Array.from({ length: 1500 }, (_, factor) => factor));
  });

  it("counts dispatches, submits and readbacks", async () => {
    const x = tf.tensor1d([1, 2]);
    await tf.add(x, 0).data();
    const before = backend().counters();
    const { y } = scale(x, 2);
    await tf.add(y, 1).data();
    const after = backend().counters();
    expect(after.dispatches - before.dispatches).toBe(2);
    expect(after.readbacks - before.readbacks).toBe(1);
    expect(after.readbackBytes - before.readbackBytes).toBe(8);
    // The readback's, and more where the machine is so slow that every dispatch gets one.
    const submits = after.submits - before.submits;
    expect(submits).toBeGreaterThanOrEqual(1);
    expect(submits).toBeLessThanOrEqual(3);
  });

  it("books work on phases, and times it where the device has a clock", async () => {
    await backend().takeUse();
    const x = tf.ones([1000]);
    const work = async (phase: string | null, times: number) => {
      backend().enterPhase(phase);
      const results = Array.from({ length: times }, (_, at) => scale(x, at).y);
      await tf.addN(results).data();
      tf.dispose(results);
    };
    await work("draw", 3);
    await work(null, 4);
    await work("learn", 5);
    await work("draw", 2);
    backend().enterPhase(null);
    const use = await backend().takeUse();
    expect([...use.keys()]).toEqual(["draw", "learn"]);
    expect(use.get("draw")).toMatchObject({ dispatches: 7, readbacks: 2, readbackBytes: 8000 });
    expect(use.get("learn")).toMatchObject({ dispatches: 6, readbacks: 1, readbackBytes: 4000 });
    for (const { busyMs } of use.values()) {
      if (backend().device.features.has("timestamp-query")) expect(busyMs).toBeGreaterThan(0);
      else expect(busyMs).toBeNull();
    }
    expect((await backend().takeUse()).size).toBe(0);
  });

  it("tells how long the GPU worked, once its work is finished", async () => {
    await backend().finishWork();
    const before = backend().busyMs;
    const product = tf.matMul(tf.ones([256, 256]), tf.ones([256, 256]));
    await backend().finishWork();
    const first = backend().busyMs;
    expect(first).toBeGreaterThan(before);
    await backend().finishWork();
    expect(backend().busyMs).toBe(first);
    product.dispose();
  });

  it("refuses what was computed from zeros and kept", async () => {
    const held: tf.Tensor[] = [];
    const compiling = backend().compileAhead(async () => held.push(tf.add(tf.ones([3]), 1)));
    await expect(compiling).rejects.toThrow("never computed");
    tf.dispose(held);
  });

  it("says that a shader does not compile, and goes on", async () => {
    const broken = { ...SCALE, body: "this is no WGSL" } satisfies GpuProgram;
    const spec = { shape: [1], dtype: "float32" as const };
    const x = tf.tensor1d([1]);
    const compiling = backend().compileAhead(async () => {
      const outputs = { y: spec, z: spec };
      const { y, z } = backend().runProgram(broken, { x }, outputs, { size: 1, factor: 1 }, [1, 1, 1]);
      backend().disposeData(y.dataId);
      backend().disposeData(z.dataId);
    });
    await expect(compiling).rejects.toMatchObject({ code: "gpuError" });
    expect([...(await scale(tf.tensor1d([2]), 3).y.data())]).toEqual([6]);
  });

  it("writes a given tensor in place", async () => {
    const x = tf.tensor1d([5]);
    const target = tf.zeros([1]);
    const spec = { shape: [1], dtype: "float32" as const };
    backend().runProgram(SCALE, { x }, { y: target, z: spec }, { size: 1, factor: 3 }, [1, 1, 1]);
    expect([...(await target.data())]).toEqual([15]);
  });

  it("reads what a tensor written in place holds now, not what it held when it was read before", async () => {
    const x = tf.tensor1d([5]);
    const target = tf.tensor1d([1]);
    const spec = { shape: [1], dtype: "float32" as const };
    const write = (factor: number) =>
      backend().runProgram(SCALE, { x }, { y: target, z: spec }, { size: 1, factor }, [1, 1, 1]);
    await tf.add(target, 0).data();
    expect([...(await target.data())]).toEqual([1]);
    write(3);
    expect([...(await target.data())]).toEqual([15]);
    const early = target.data();
    write(4);
    expect([...(await early)]).toEqual([15]);
    expect([...(await target.data())]).toEqual([20]);
  });

  it("keeps few unused buffers, whatever sizes occur, and goes on with what it has", async () => {
    const memory = () =>
      tf.memory() as tf.MemoryInfo & { numBytesAllocatedInGPU: number; numBytesInGPU: number };
    for (let size = 1000; size < 1040; size++) tf.tidy(() => tf.add(tf.ones([size, 2000]), 1));
    await backend().finishWork();
    const { numBytesAllocatedInGPU, numBytesInGPU } = memory();
    const kept = numBytesAllocatedInGPU - numBytesInGPU;
    // 640 MB passed through.
    expect(kept).toBeGreaterThan(128 * 2 ** 20);
    expect(kept).toBeLessThanOrEqual(256 * 2 ** 20);
    const { y } = scale(tf.tensor1d([7]), 1);
    expect([...(await y.data())]).toEqual([7]);
  });

  it("compiles ahead of the first run, ours and tfjs's, and computes nothing meanwhile", async () => {
    const program = { ...SCALE, body: SCALE.body.replace("-x[id.x]", "x[id.x] + 1.0") };
    const x = tf.tensor1d([1, 2, 3]);
    const spec = { shape: [3], dtype: "float32" as const };
    const work = async () => {
      const sum = tf.tidy(() => {
        const outputs = { y: spec, z: spec };
        const made = backend().runProgram(program, { x }, outputs, { size: 3, factor: 1 }, [1, 1, 1]);
        const [, z] = [made.y, made.z].map((info) => tf.engine().makeTensorFromTensorInfo(info));
        return tf.cumsum(z as tf.Tensor, 0, false, true);
      });
      const values = [...(await sum.data())];
      sum.dispose();
      return values;
    };
    const [dispatches, pipelines] = [backend().counters().dispatches, backend().pipelineCount];
    const progress: [number, number][] = [];
    const read: number[][] = [];
    await backend().compileAhead(
      async () => read.push(await work()),
      (...counts) => progress.push(counts),
    );
    expect(read).toEqual([[0, 0, 0]]);
    expect(backend().counters().dispatches).toBe(dispatches);
    expect(backend().pipelineCount).toBe(pipelines + 1);
    expect(progress).toEqual([
      [0, 2],
      [1, 2],
      [2, 2],
    ]);
    expect(await work()).toEqual([9, 7, 4]);
    expect(backend().pipelineCount).toBe(pipelines + 1);
  });

  it("says which program lacks what", () => {
    const x = tf.tensor1d([1]);
    const spec = { shape: [1], dtype: "float32" as const };
    const f16 = { ...SCALE, features: ["f16"] } as const satisfies GpuProgram;
    if (!backend().features.has("f16")) {
      const outputs = { y: spec, z: spec };
      const runF16 = () => backend().runProgram(f16, { x }, outputs, { size: 1, factor: 1 }, [1, 1, 1]);
      expect(runF16).toThrow("scale needs f16, which this GPU lacks");
    }
    const run = () =>
      backend().runProgram(SCALE as GpuProgram, { x }, { y: spec }, { size: 1, factor: 1 }, [1, 1, 1]);
    expect(run).toThrow("scale needs an output z");
  });
});
