/** Head norm and rotation in one dispatch each way: a thread per head of a row. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { FLAT_GROUP, type GpuProgram, spreadGroups } from "../../device/gpuProgram.ts";
import { f32, memoisedProgram } from "../../device/programCache.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";

const THREADS = 64;

const UNIFORMS = { count: "u32", heads: "u32", length: "u32", half: "u32", epsilon: "f32" } as const;

/** WGSL: which head, its first value, and its row's first angle. */
const place = (headSize: number) => `
const SIZE = ${headSize}u;
${FLAT_GROUP}`;

const ENTRY = `@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let head = flatGroup(group, groups) * ${THREADS}u + thread;
  if (head >= params.count) { return; }
  let start = head * SIZE;
  let angle = ((head / params.heads) % params.length) * SIZE;`;

/** WGSL: mean and 1/σ of the head. Two passes: heads are short, and a small deviation keeps its digits. */
const STATISTICS = `
  var mean = 0.0;
  for (var d = 0u; d < SIZE; d++) { mean += x[start + d]; }
  mean /= f32(SIZE);
  var variance = 0.0;
  for (var d = 0u; d < SIZE; d++) { let level = x[start + d] - mean; variance += level * level; }
  let inverse = inverseSqrt(variance / f32(SIZE) + params.epsilon);`;

/**
 * WGSL of the rotation over `value(d)`, the quarter turn given by `sign`: +1 turns forward, −1 back. Dimensions beyond the
 * pairs have cos 1 and sin 0, and partner themselves.
 */
const TURN = `
fn partner(d: u32) -> u32 {
  if (d < params.half) { return d + params.half; }
  if (d < 2u * params.half) { return d - params.half; }
  return d;
}`;

const forwardProgram = memoisedProgram((headSize: number, hasNorm: boolean) => {
  const inputs: GpuProgram["inputs"] = {
    x: "f32",
    cos: "f32",
    sin: "f32",
    ...(hasNorm ? { weight: "f32" as const, bias: "f32" as const } : {}),
  };
  return {
    name: "headRotary",
    inputs,
    outputs: { y: "f32" } as const,
    uniforms: UNIFORMS,
    body: `${place(headSize)}${TURN}
${ENTRY}${hasNorm ? STATISTICS : ""}
  for (var d = 0u; d < SIZE; d++) {
    let other = partner(d);
    let sign = select(1.0, -1.0, d < params.half);
    let own = ${hasNorm ? "(x[start + d] - mean) * inverse * weight[d] + bias[d]" : "x[start + d]"};
    let across = ${hasNorm ? "(x[start + other] - mean) * inverse * weight[other] + bias[other]" : "x[start + other]"};
    y[start + d] = own * cos[angle + d] + sign * across * sin[angle + d];
  }
}`,
  };
});

const backwardProgram = memoisedProgram((headSize: number, hasNorm: boolean) => {
  const inputs: GpuProgram["inputs"] = {
    cos: "f32",
    sin: "f32",
    dy: "f32",
    ...(hasNorm ? { x: "f32" as const, weight: "f32" as const } : {}),
  };
  return {
    name: "headRotaryGradient",
    inputs,
    outputs: { dx: "f32" } as const,
    uniforms: UNIFORMS,
    body: `${place(headSize)}${TURN}
fn turnedBack(start: u32, angle: u32, d: u32) -> f32 {
  let other = partner(d);
  let sign = select(-1.0, 1.0, d < params.half);
  return dy[start + d] * cos[angle + d] + sign * dy[start + other] * sin[angle + other];
}
${ENTRY}${
  hasNorm
    ? `${STATISTICS}
  var level = 0.0;
  var along = 0.0;
  for (var d = 0u; d < SIZE; d++) {
    let dHat = turnedBack(start, angle, d) * weight[d];
    level += dHat;
    along += dHat * (x[start + d] - mean) * inverse;
  }
  level /= f32(SIZE);
  along /= f32(SIZE);
  for (var d = 0u; d < SIZE; d++) {
    let xHat = (x[start + d] - mean) * inverse;
    dx[start + d] = (turnedBack(start, angle, d) * weight[d] - level - xHat * along) * inverse;
  }`
    : "for (var d = 0u; d < SIZE; d++) { dx[start + d] = turnedBack(start, angle, d); }"
}
}`,
  };
});

/** Attributes of both directions. */
export interface HeadAttributes {
  readonly heads: number;
  /** Half of the dimensions that rotate. */
  readonly half: number;
  readonly epsilon: number;
}

function callOf(x: TensorInfo, cos: TensorInfo, { heads, half, epsilon }: HeadAttributes) {
  const [rows = 0, width = 0] = x.shape;
  const count = rows * heads;
  return {
    headSize: width / heads,
    uniforms: { count, heads, length: cos.shape[0] ?? 1, half, epsilon },
    groups: spreadGroups(Math.ceil(count / THREADS)),
  };
}

/** @returns [y], of x's shape */
export function turnHeadsOnGpu(
  backend: TrainerBackend,
  inputs: Readonly<Record<"x" | "cos" | "sin", TensorInfo>> & {
    readonly weight?: TensorInfo;
    readonly bias?: TensorInfo;
  },
  attributes: HeadAttributes,
): TensorInfo[] {
  const { headSize, uniforms, groups } = callOf(inputs.x, inputs.cos, attributes);
  const program = forwardProgram(headSize, inputs.weight !== undefined);
  return [backend.runProgram(program, { ...inputs }, { y: f32(inputs.x.shape) }, uniforms, groups).y];
}

/** @returns [dx] */
export function turnHeadGradientsOnGpu(
  backend: TrainerBackend,
  inputs: Readonly<Record<"cos" | "sin" | "dy", TensorInfo>> & {
    readonly x?: TensorInfo;
    readonly weight?: TensorInfo;
  },
  attributes: HeadAttributes,
): TensorInfo[] {
  const { headSize, uniforms, groups } = callOf(inputs.dy, inputs.cos, attributes);
  const program = backwardProgram(headSize, inputs.weight !== undefined);
  return [backend.runProgram(program, { ...inputs }, { dx: f32(inputs.dy.shape) }, uniforms, groups).dx];
}
