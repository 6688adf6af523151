/**
 * Group norm on WebGPU in two dispatches: sums over chunks of each group, then the normalisation, whose workgroups first
 * add up the few chunks of their image.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { FLAT_GROUP, spreadGroups } from "../../device/gpuProgram.ts";
import { f32, memoisedProgram } from "../../device/programCache.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import type { GroupNormSettings } from "./twin.ts";

const SUM_THREADS = 64;
const THREADS = 256;
const ELEMENTS_PER_THREAD = 16;
/** Fewer would leave a GPU idle at the largest images, more would be re-added by every workgroup of the second dispatch. */
const MAX_CHUNKS = 16;
/** Less than this a chunk is not worth a workgroup. */
const MIN_CHUNK_ELEMENTS = 1024;
/** As many pairs of numbers fit half the memory that every workgroup has. */
export const MAX_GROUPS = 1024;

/**
 * Sums of x − pivot and its square, the pivot being the group's first value: sums of x itself would lose the digits of a
 * small deviation behind a large mean.
 */
const sumProgram = memoisedProgram(() => ({
  name: "groupNormSums",
  inputs: { x: "f32" } as const,
  outputs: { sums: "vec2<f32>" } as const,
  uniforms: {
    count: "u32",
    positions: "u32",
    channels: "u32",
    groups: "u32",
    chunks: "u32",
    chunkPositions: "u32",
  } as const,
  body: `${FLAT_GROUP}
var<workgroup> parts: array<vec2<f32>, ${SUM_THREADS}>;
@compute @workgroup_size(${SUM_THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let chunk = flatGroup(group, groups);
  if (chunk >= params.count) { return; }
  let members = params.channels / params.groups;
  let owner = chunk / params.chunks;
  let image = (owner / params.groups) * params.positions * params.channels;
  let start = image + (owner % params.groups) * members;
  let first = (chunk % params.chunks) * params.chunkPositions;
  let end = min(first + params.chunkPositions, params.positions);
  let pivot = x[start];
  var own = vec2<f32>(0.0);
  for (var at = first * members + thread; at < end * members; at += ${SUM_THREADS}u) {
    let value = x[start + (at / members) * params.channels + at % members] - pivot;
    own += vec2<f32>(value, value * value);
  }
  parts[thread] = own;
  workgroupBarrier();
  if (thread > 0u) { return; }
  var total = vec2<f32>(0.0);
  for (var at = 0; at < ${SUM_THREADS}; at++) { total += parts[at]; }
  sums[chunk] = total;
}`,
}));

const applyProgram = memoisedProgram((groups: number, hasSwish: boolean) => ({
  name: hasSwish ? "groupNormSwish" : "groupNorm",
  inputs: { x: "f32", weight: "f32", bias: "f32", sums: "vec2<f32>" } as const,
  outputs: { y: "f32" } as const,
  uniforms: {
    count: "u32",
    tiles: "u32",
    imageSize: "u32",
    channels: "u32",
    chunks: "u32",
    epsilon: "f32",
  } as const,
  body: `${FLAT_GROUP}
/** Mean and 1/σ of the image's groups. */
var<workgroup> statistics: array<vec2<f32>, ${groups}>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let tile = flatGroup(group, groups);
  if (tile >= params.count) { return; }
  let image = tile / params.tiles;
  let start = image * params.imageSize;
  let members = params.channels / ${groups}u;
  let size = f32(params.imageSize / ${groups}u);
  for (var at = thread; at < ${groups}u; at += ${THREADS}u) {
    var total = vec2<f32>(0.0);
    let firstChunk = (image * ${groups}u + at) * params.chunks;
    for (var chunk = 0u; chunk < params.chunks; chunk++) { total += sums[firstChunk + chunk]; }
    let shift = total.x / size;
    let variance = max(total.y / size - shift * shift, 0.0);
    statistics[at] = vec2<f32>(x[start + at * members] + shift, inverseSqrt(variance + params.epsilon));
  }
  workgroupBarrier();
  let first = (tile % params.tiles) * ${THREADS * ELEMENTS_PER_THREAD}u;
  let end = min(first + ${THREADS * ELEMENTS_PER_THREAD}u, params.imageSize);
  for (var at = first + thread; at < end; at += ${THREADS}u) {
    let channel = at % params.channels;
    let statistic = statistics[channel / members];
    let normal = (x[start + at] - statistic.x) * (statistic.y * weight[channel]) + bias[channel];
    y[start + at] = ${hasSwish ? "normal / (1.0 + exp(-normal))" : "normal"};
  }
}`,
}));

/** @returns [y] */
export function groupNormOnGpu(
  backend: TrainerBackend,
  { x, weight, bias }: Readonly<Record<"x" | "weight" | "bias", TensorInfo>>,
  { groups, epsilon, hasSwish }: GroupNormSettings,
): TensorInfo[] {
  const [images = 0, height = 0, width = 0, channels = 1] = x.shape;
  const positions = height * width;
  const imageSize = positions * channels;
  const wanted = Math.ceil(imageSize / groups / MIN_CHUNK_ELEMENTS);
  const chunkPositions = Math.ceil(positions / Math.min(MAX_CHUNKS, wanted));
  const chunks = Math.ceil(positions / chunkPositions);
  const sumCount = images * groups * chunks;
  const { sums } = backend.runProgram(
    sumProgram(),
    { x },
    { sums: f32([sumCount, 2]) },
    { count: sumCount, positions, channels, groups, chunks, chunkPositions },
    spreadGroups(sumCount),
  );
  const tiles = Math.ceil(imageSize / (THREADS * ELEMENTS_PER_THREAD));
  const { y } = backend.runProgram(
    applyProgram(groups, hasSwish),
    { x, weight, bias, sums },
    { y: f32(x.shape) },
    { count: images * tiles, tiles, imageSize, channels, chunks, epsilon },
    spreadGroups(images * tiles),
  );
  backend.disposeData(sums.dataId);
  return [y];
}
