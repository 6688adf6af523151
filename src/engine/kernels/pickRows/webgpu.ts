/** Picking rows on WebGPU: one dispatch each way, an element a thread. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { FLAT_GROUP, spreadGroups } from "../../device/gpuProgram.ts";
import { f32, memoisedProgram } from "../../device/programCache.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import type { RowChoice } from "./twin.ts";

const THREADS = 64;
const UNIFORMS = {
  size: "u32",
  width: "u32",
  start: "u32",
  sequences: "u32",
  length: "u32",
  skip: "u32",
  count: "u32",
} as const;

const ENTRY = `${FLAT_GROUP}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let at = flatGroup(group, groups) * ${THREADS}u + thread;
  if (at >= params.size) { return; }
  let row = at / params.width;
  let column = at % params.width;`;

const forwardProgram = memoisedProgram(() => ({
  name: "pickRows",
  inputs: { x: "f32" } as const,
  outputs: { y: "f32" } as const,
  uniforms: UNIFORMS,
  body: `${ENTRY}
  let source = params.start + (row / params.count) * params.length + params.skip + row % params.count;
  y[at] = x[source * params.width + column];
}`,
}));

const backwardProgram = memoisedProgram(() => ({
  name: "pickRowsGradient",
  inputs: { dy: "f32" } as const,
  outputs: { dx: "f32" } as const,
  uniforms: UNIFORMS,
  body: `${ENTRY}
  var value = 0.0;
  if (row >= params.start) {
    let sequence = (row - params.start) / params.length;
    let place = (row - params.start) % params.length;
    if (sequence < params.sequences && place >= params.skip && place < params.skip + params.count) {
      value = dy[(sequence * params.count + place - params.skip) * params.width + column];
    }
  }
  dx[at] = value;
}`,
}));

/** @param x [R, D] @returns [sequences·count, D] */
export function pickOnGpu(backend: TrainerBackend, x: TensorInfo, choice: RowChoice): TensorInfo {
  const width = x.shape[1] ?? 0;
  const rows = choice.sequences * choice.count;
  const uniforms = { ...choice, size: rows * width, width };
  const groups = spreadGroups(Math.ceil(uniforms.size / THREADS));
  return backend.runProgram(forwardProgram(), { x }, { y: f32([rows, width]) }, uniforms, groups).y;
}

/** @param dy [sequences·count, D] @returns [rows, D] */
export function pickGradientOnGpu(
  backend: TrainerBackend,
  dy: TensorInfo,
  { rows, ...choice }: RowChoice & { readonly rows: number },
): TensorInfo {
  const width = dy.shape[1] ?? 0;
  const uniforms = { ...choice, size: rows * width, width };
  const groups = spreadGroups(Math.ceil(uniforms.size / THREADS));
  return backend.runProgram(backwardProgram(), { dy }, { dx: f32([rows, width]) }, uniforms, groups).dx;
}
