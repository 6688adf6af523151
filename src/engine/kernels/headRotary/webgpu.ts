/** Projections split into rotated heads in one dispatch each way: a thread per head of a row. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { FLAT_GROUP, type GpuProgram, spreadGroups } from "../../device/gpuProgram.ts";
import { f32, memoisedProgram } from "../../device/programCache.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import type { HeadAttributes, HeadBackward, HeadInputs } from "./twin.ts";

const THREADS = 64;

/** `past` and `own`: rows of a sequence before this call, and of this call. */
const UNIFORMS = {
  rows: "u32",
  keyRows: "u32",
  heads: "u32",
  half: "u32",
  past: "u32",
  own: "u32",
  epsilon: "f32",
} as const;

const ENTRY = `@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let number = flatGroup(group, groups) * ${THREADS}u + thread;`;

/** WGSL: sizes, and a head of `qkv` with its mean and 1/σ; two passes, so that a small deviation keeps its digits. */
const head = (headSize: number, hasNorm: boolean) => `
const SIZE = ${headSize}u;
${FLAT_GROUP}
struct Head { start: u32, part: u32, mean: f32, inverse: f32 }
fn headOf(row: u32, place: u32, part: u32) -> Head {
  let start = ((row * 3u + part) * params.heads + place) * SIZE;
  var mean = 0.0;
  var inverse = 1.0;
  ${
    hasNorm
      ? `for (var d = 0u; d < SIZE; d++) { mean += qkv[start + d]; }
  mean /= f32(SIZE);
  var variance = 0.0;
  for (var d = 0u; d < SIZE; d++) { let level = qkv[start + d] - mean; variance += level * level; }
  inverse = inverseSqrt(variance / f32(SIZE) + params.epsilon);`
      : ""
  }
  return Head(start, part, mean, inverse);
}`;

/** WGSL: dimension d of a head, rotated. Dimensions behind the pairs stay. */
const turned = (hasNorm: boolean) => `
fn normed(one: Head, d: u32) -> f32 {
  ${
    hasNorm
      ? "return (qkv[one.start + d] - one.mean) * one.inverse * norms[one.part * SIZE + d] + norms[(2u + one.part) * SIZE + d];"
      : "return qkv[one.start + d];"
  }
}
fn turned(one: Head, row: u32, d: u32) -> f32 {
  if (d >= 2u * params.half) { return normed(one, d); }
  let pair = 2u * row * params.half + d % params.half;
  let isFirst = d < params.half;
  let across = normed(one, select(d - params.half, d + params.half, isFirst));
  return normed(one, d) * angles[pair] + select(across, -across, isFirst) * angles[pair + params.half];
}`;

const forwardProgram = memoisedProgram((headSize: number, hasNorm: boolean, hasPast: boolean) => {
  const inputs: GpuProgram["inputs"] = {
    qkv: "f32",
    angles: "f32",
    ...(hasNorm ? { norms: "f32" as const } : {}),
    ...(hasPast ? { pastK: "f32" as const, pastV: "f32" as const } : {}),
  };
  return {
    name: "headRotary",
    inputs,
    outputs: { q: "f32", k: "f32", v: "f32" } as const,
    uniforms: UNIFORMS,
    body: `${head(headSize, hasNorm)}${turned(hasNorm)}
${ENTRY}
  let queries = params.rows * params.heads;
  if (number < queries) {
    let row = number / params.heads;
    let own = headOf(row, number % params.heads, 0u);
    for (var d = 0u; d < SIZE; d++) { q[number * SIZE + d] = turned(own, row, d); }
    return;
  }
  let key = number - queries;
  let place = key % params.heads;
  let keyRow = key / params.heads;
  if (keyRow >= params.keyRows) { return; }
  let sequence = keyRow / (params.past + params.own);
  let within = keyRow % (params.past + params.own);
  ${
    hasPast
      ? `if (within < params.past) {
    let old = ((sequence * params.past + within) * params.heads + place) * SIZE;
    for (var d = 0u; d < SIZE; d++) {
      k[key * SIZE + d] = pastK[old + d];
      v[key * SIZE + d] = pastV[old + d];
    }
    return;
  }`
      : ""
  }
  let row = sequence * params.own + within - params.past;
  let own = headOf(row, place, 1u);
  let value = own.start + params.heads * SIZE;
  for (var d = 0u; d < SIZE; d++) {
    k[key * SIZE + d] = turned(own, row, d);
    v[key * SIZE + d] = qkv[value + d];
  }
}`,
  };
});

const backwardProgram = memoisedProgram((headSize: number, hasNorm: boolean) => {
  const inputs: GpuProgram["inputs"] = {
    angles: "f32",
    dq: "f32",
    dk: "f32",
    dv: "f32",
    ...(hasNorm ? { qkv: "f32" as const, norms: "f32" as const } : {}),
  };
  return {
    name: "headRotaryGradient",
    inputs,
    outputs: { dqkv: "f32" } as const,
    uniforms: UNIFORMS,
    body: `${head(headSize, hasNorm)}
fn upstream(part: u32, at: u32) -> f32 {
  if (part == 0u) { return dq[at]; }
  return dk[at];
}
/** Dimension d turned back. */
fn turnedBack(row: u32, part: u32, start: u32, d: u32) -> f32 {
  let own = upstream(part, start + d);
  if (d >= 2u * params.half) { return own; }
  let pair = 2u * row * params.half + d % params.half;
  let isFirst = d < params.half;
  let across = upstream(part, start + select(d - params.half, d + params.half, isFirst));
  return own * angles[pair] + select(-across, across, isFirst) * angles[pair + params.half];
}
${ENTRY}
  let place = number % params.heads;
  let part = (number / params.heads) % 3u;
  let row = number / params.heads / 3u;
  if (row >= params.rows) { return; }
  let keyRow = (row / params.own) * (params.past + params.own) + params.past + row % params.own;
  let start = (select(keyRow, row, part == 0u) * params.heads + place) * SIZE;
  let to = number * SIZE;
  if (part == 2u) {
    for (var d = 0u; d < SIZE; d++) { dqkv[to + d] = dv[start + d]; }
    return;
  }
  ${
    hasNorm
      ? `let own = headOf(row, place, part);
  var level = 0.0;
  var along = 0.0;
  for (var d = 0u; d < SIZE; d++) {
    let dHat = turnedBack(row, part, start, d) * norms[part * SIZE + d];
    level += dHat;
    along += dHat * (qkv[own.start + d] - own.mean) * own.inverse;
  }
  level /= f32(SIZE);
  along /= f32(SIZE);
  for (var d = 0u; d < SIZE; d++) {
    let dHat = turnedBack(row, part, start, d) * norms[part * SIZE + d];
    let xHat = (qkv[own.start + d] - own.mean) * own.inverse;
    dqkv[to + d] = (dHat - level - xHat * along) * own.inverse;
  }`
      : "for (var d = 0u; d < SIZE; d++) { dqkv[to + d] = turnedBack(row, part, start, d); }"
  }
}`,
  };
});

function uniformsOf(rows: number, { heads, half, epsilon, pastRows, sequences }: HeadAttributes) {
  const [past, own] = [pastRows / sequences, rows / sequences];
  return { rows, keyRows: pastRows + rows, heads, half, past, own, epsilon };
}

/** @returns q [R, D], k and v [Rp + R, D] */
export function splitOnGpu(
  backend: TrainerBackend,
  inputs: HeadInputs<TensorInfo>,
  attributes: HeadAttributes,
): TensorInfo[] {
  const [rows = 0, columns = 0] = inputs.qkv.shape;
  const width = columns / 3;
  const uniforms = uniformsOf(rows, attributes);
  const keys = f32([uniforms.keyRows, width]);
  const { heads } = attributes;
  const program = forwardProgram(width / heads, inputs.norms !== undefined, inputs.pastK !== undefined);
  const outputs = { q: f32([rows, width]), k: keys, v: keys };
  const groups = spreadGroups(Math.ceil(((rows + uniforms.keyRows) * heads) / THREADS));
  const { q, k, v } = backend.runProgram(program, { ...inputs }, outputs, uniforms, groups);
  return [q, k, v];
}

/** @returns [dqkv [R, 3·D]] */
export function splitGradientOnGpu(
  backend: TrainerBackend,
  inputs: HeadBackward<TensorInfo>,
  attributes: HeadAttributes,
): TensorInfo[] {
  const [rows = 0, width = 0] = inputs.dq.shape;
  const { heads } = attributes;
  const program = backwardProgram(width / heads, inputs.norms !== undefined);
  const groups = spreadGroups(Math.ceil((rows * heads * 3) / THREADS));
  const outputs = { dqkv: f32([rows, 3 * width]) };
  return [backend.runProgram(program, { ...inputs }, outputs, uniformsOf(rows, attributes), groups).dqkv];
}
