/** `gelu_new` in one dispatch each way; nothing but x is kept. */
import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import { FLAT_GROUP, type GpuProgram, spreadGroups } from "../../device/gpuProgram.ts";
import { f32 } from "../../device/programCache.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { CUBIC, SLOPE } from "./twin.ts";

const THREADS = 64;

const ENTRY = `${FLAT_GROUP}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let at = flatGroup(group, groups) * ${THREADS}u + thread;
  if (at >= params.size) { return; }
  let value = x[at];
  let gate = 1.0 / (1.0 + exp(-value * (${SLOPE} + ${CUBIC} * value * value)));`;

const FORWARD = {
  name: "geluNew",
  inputs: { x: "f32" },
  outputs: { y: "f32" },
  uniforms: { size: "u32" },
  body: `${ENTRY}
  y[at] = value * gate;
}`,
} as const satisfies GpuProgram;

const BACKWARD = {
  name: "geluNewGradient",
  inputs: { x: "f32", dy: "f32" },
  outputs: { dx: "f32" },
  uniforms: { size: "u32" },
  body: `${ENTRY}
  dx[at] = dy[at] * gate * (1.0 + (1.0 - gate) * value * (${SLOPE} + ${3 * CUBIC} * value * value));
}`,
} as const satisfies GpuProgram;

function callOf(x: TensorInfo) {
  const size = util.sizeFromShape(x.shape);
  return { uniforms: { size }, groups: spreadGroups(Math.ceil(size / THREADS)) };
}

/** @returns [y] */
export function geluOnGpu(backend: TrainerBackend, { x }: { readonly x: TensorInfo }): TensorInfo[] {
  const { uniforms, groups } = callOf(x);
  return [backend.runProgram(FORWARD, { x }, { y: f32(x.shape) }, uniforms, groups).y];
}

/** @returns [dx] */
export function geluGradientOnGpu(
  backend: TrainerBackend,
  { x, dy }: { readonly x: TensorInfo; readonly dy: TensorInfo },
): TensorInfo[] {
  const { uniforms, groups } = callOf(x);
  return [backend.runProgram(BACKWARD, { x, dy }, { dx: f32(x.shape) }, uniforms, groups).dx];
}
