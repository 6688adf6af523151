/** Normalisation of rows on WebGPU: one dispatch each way, a workgroup per row, one barrier. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { GpuProgram } from "../../device/gpuProgram.ts";
import { FLAT_GROUP, spreadGroups } from "../../device/gpuProgram.ts";
import { f32, memoisedProgram } from "../../device/programCache.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { type WorkgroupSum, workgroupSum } from "../workgroupSum.ts";
import type { NormBackward, NormKind } from "./twin.ts";

const THREADS = 64;

const UNIFORMS = { rows: "u32", width: "u32", epsilon: "f32" } as const;

/** WGSL up to the row and where it begins. */
const entry = ({ functions, builtins }: WorkgroupSum) => `${FLAT_GROUP}${functions}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32${builtins}) {
  let row = flatGroup(group, groups);
  if (row >= params.rows) { return; }
  let start = row * params.width;`;

/**
 * WGSL of a row's mean and 1/σ from sums of x − pivot, the row's first value: sums of x itself would lose the digits of a
 * small deviation behind a large mean.
 */
const statistics = (kind: NormKind) =>
  kind === "layer"
    ? `let shift = sums.x / f32(params.width);
  let mean = pivot + shift;
  let inverse = inverseSqrt(max(sums.y / f32(params.width) - shift * shift, 0.0) + params.epsilon);`
    : `let mean = 0.0;
  let inverse = inverseSqrt(sums.y / f32(params.width) + params.epsilon);`;

const forwardProgram = memoisedProgram((kind: NormKind, hasBias: boolean, hasSubgroups: boolean) => {
  const sum = workgroupSum(THREADS, hasSubgroups);
  const inputs: GpuProgram["inputs"] = {
    x: "f32",
    weight: "f32",
    ...(hasBias ? { bias: "f32" as const } : {}),
  };
  return {
    name: "rowNorm",
    inputs,
    outputs: { y: "f32", statistics: "vec2<f32>" } as const,
    uniforms: UNIFORMS,
    features: sum.features,
    body: `${entry(sum)}
  let pivot = ${kind === "layer" ? "x[start]" : "0.0"};
  var own = vec2<f32>(0.0);
  for (var at = thread; at < params.width; at += ${THREADS}u) {
    let value = x[start + at] - pivot;
    own += vec2<f32>(value, value * value);
  }
  let sums = ${sum.of("own")};
  ${statistics(kind)}
  for (var at = thread; at < params.width; at += ${THREADS}u) {
    y[start + at] = (x[start + at] - mean) * inverse * weight[at]${hasBias ? " + bias[at]" : ""};
  }
  if (thread == 0u) { statistics[row] = vec2<f32>(mean, inverse); }
}`,
  };
});

const backwardProgram = memoisedProgram((kind: NormKind, isFork: boolean, hasSubgroups: boolean) => {
  const sum = workgroupSum(THREADS, hasSubgroups);
  const inputs: GpuProgram["inputs"] = {
    x: "f32",
    weight: "f32",
    dy: "f32",
    ...(isFork ? { dyOther: "f32" as const, dSkip: "f32" as const } : {}),
    statistics: "vec2<f32>",
  };
  const dHat = `(dy[start + at]${isFork ? " + dyOther[start + at]" : ""}) * weight[at]`;
  return {
    name: "rowNormGradient",
    inputs,
    outputs: { dx: "f32" } as const,
    uniforms: UNIFORMS,
    features: sum.features,
    body: `${entry(sum)}
  let statistic = statistics[row];
  var own = vec2<f32>(0.0);
  for (var at = thread; at < params.width; at += ${THREADS}u) {
    let dHat = ${dHat};
    own += vec2<f32>(dHat, dHat * (x[start + at] - statistic.x) * statistic.y);
  }
  let means = ${sum.of("own")} / f32(params.width);
  for (var at = thread; at < params.width; at += ${THREADS}u) {
    let xHat = (x[start + at] - statistic.x) * statistic.y;
    let dHat = ${dHat};
    let level = dHat - ${kind === "layer" ? "means.x - " : ""}xHat * means.y;
    dx[start + at] = level * statistic.y${isFork ? " + dSkip[start + at]" : ""};
  }
}`,
  };
});

/** Attributes of both directions. */
interface NormAttributes {
  readonly kind: NormKind;
  readonly epsilon: number;
}

function sizesOf(x: TensorInfo, epsilon: number) {
  const [rows = 0, width = 0] = x.shape;
  return { uniforms: { rows, width, epsilon }, groups: spreadGroups(rows), rows };
}

/** @returns [y [R, D], mean and 1/σ [R, 2]] */
export function normaliseOnGpu(
  backend: TrainerBackend,
  inputs: { readonly x: TensorInfo; readonly weight: TensorInfo; readonly bias?: TensorInfo },
  { kind, epsilon }: NormAttributes,
): TensorInfo[] {
  const { uniforms, groups, rows } = sizesOf(inputs.x, epsilon);
  const program = forwardProgram(kind, inputs.bias !== undefined, backend.features.has("subgroups"));
  const outputs = { y: f32(inputs.x.shape), statistics: f32([rows, 2]) };
  const { y, statistics: kept } = backend.runProgram(program, { ...inputs }, outputs, uniforms, groups);
  return [y, kept];
}

/** @returns [dx] */
export function normaliseGradientOnGpu(
  backend: TrainerBackend,
  { rows: x, ...inputs }: NormBackward<TensorInfo>,
  { kind, epsilon }: NormAttributes,
): TensorInfo[] {
  const { uniforms, groups } = sizesOf(x, epsilon);
  const program = backwardProgram(kind, inputs.dSkip !== undefined, backend.features.has("subgroups"));
  return [backend.runProgram(program, { x, ...inputs }, { dx: f32(x.shape) }, uniforms, groups).dx];
}
