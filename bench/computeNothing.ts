/**
 * A GPU that takes every command and computes nothing, to count what a step asks for in seconds, whatever its size. What
 * is asked depends on no computed number but the lengths of answers, which then have as many tokens as they may.
 */
import type { TrainerBackend } from "../src/engine/device/trainerBackend.ts";

const PASS = { setPipeline() {}, setBindGroup() {}, dispatchWorkgroups() {}, end() {} };

/** From now on shaders are not compiled, commands not run, and what is read back is zeros. There is no way back. */
export function computeNothing(backend: TrainerBackend): void {
  const { device } = backend;
  const createCommandEncoder = device.createCommandEncoder.bind(device);
  Object.assign(device, {
    createShaderModule: () => ({}),
    createComputePipeline: () => ({ getBindGroupLayout: () => ({}) }),
    createPipelineLayout: () => ({}),
    createBindGroupLayout: () => ({}),
    createBindGroup: () => ({}),
    createCommandEncoder: () => Object.assign(createCommandEncoder(), { beginComputePass: () => PASS }),
  });
  const getBufferData = backend.getBufferData.bind(backend);
  backend.getBufferData = async (buffer) => new ArrayBuffer((await getBufferData(buffer)).byteLength);
}
