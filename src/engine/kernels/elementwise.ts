/** Programs of one expression per element: four at a time where the size allows, as many threads as there are. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { type Element, FLAT_GROUP, type GpuProgram, spreadGroups } from "../device/gpuProgram.ts";
import { f32 } from "../device/programCache.ts";
import type { TrainerBackend } from "../device/trainerBackend.ts";

const THREADS = 64;
const UNIFORMS = { count: "u32" } as const;

/** A program over tensors of one shape, all f32. */
export interface ElementwiseProgram<Output extends string> extends GpuProgram {
  readonly outputs: Readonly<Record<Output, "f32" | "vec4<f32>">>;
  readonly uniforms: typeof UNIFORMS;
}

/**
 * WGSL: the logistic function. The bound keeps e^−w finite, which WGSL does not promise to survive otherwise; at it the
 * result is 2e−35.
 */
export const SIGMOID = `
fn sigmoid(w: Value) -> Value {
  return 1.0 / (1.0 + exp(min(-w, Value(80.0))));
}`;

/** Whether elements of a tensor can be read by fours. */
export function isByFours({ shape }: TensorInfo): boolean {
  return shape.reduce((product, side) => product * side, 1) % 4 === 0;
}

/**
 * @param functions module-scope WGSL; `Value` is the type of an element or of four
 * @param body WGSL that reads `input[at]` and writes `output[at]` for every name
 * @param hasFours elements are read by fours
 */
export function elementwiseProgram<Output extends string>(
  name: string,
  [inputs, outputs]: readonly [readonly string[], readonly Output[]],
  [functions, body]: readonly [string, string],
  hasFours: boolean,
): ElementwiseProgram<Output> {
  const element = hasFours ? "vec4<f32>" : "f32";
  const typed = (names: readonly string[]): Record<string, Element> =>
    Object.fromEntries(names.map((key) => [key, element]));
  return {
    name,
    inputs: typed(inputs),
    outputs: typed(outputs) as Record<Output, typeof element>,
    uniforms: UNIFORMS,
    body: `alias Value = ${element};
${FLAT_GROUP}${functions}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let at = flatGroup(group, groups) * ${THREADS}u + thread;
  if (at >= params.count) { return; }
  ${body}
}`,
  };
}

/** @param like a tensor of the shape of all inputs and outputs @returns the outputs by name */
export function runElementwise<Output extends string>(
  backend: TrainerBackend,
  program: ElementwiseProgram<Output>,
  inputs: Readonly<Record<string, TensorInfo>>,
  like: TensorInfo,
): Record<Output, TensorInfo> {
  const size = like.shape.reduce((product, side) => product * side, 1);
  const count = isByFours(like) ? size / 4 : size;
  const names = Object.keys(program.outputs) as Output[];
  const outputs = Object.fromEntries(names.map((name) => [name, f32(like.shape)]));
  const groups = spreadGroups(Math.ceil(count / THREADS));
  return backend.runProgram(program, inputs, outputs as Record<Output, TensorInfo>, { count }, groups);
}
