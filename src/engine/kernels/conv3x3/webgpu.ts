/**
 * A 3×3 convolution on WebGPU: a thread holds four neighbouring pixels of a row by four channels, so that of every
 * eighteen vectors that it loads it makes 48 multiply-adds of vectors, without shared memory or barriers.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { FLAT_GROUP, spreadGroups } from "../../device/gpuProgram.ts";
import { f32, memoisedProgram } from "../../device/programCache.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";

const THREADS = 64;
/** Pixels, and channels, of a thread. */
const TILE = 4;
/** Filter columns. */
const SIDE = 3;

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

/** WGSL: adds what one filter column gives to every pixel of the thread; `n0` is the pixel left of the first. */
function addColumn(column: number): string {
  const load = (row: number) => `filters[at + ${row}u * blocks]`;
  const add = (pixel: number) => {
    const from = `n${pixel + column}`;
    return `sum${pixel} += ${from}.x * f0 + ${from}.y * f1 + ${from}.z * f2 + ${from}.w * f3;`;
  };
  return `{
        let at = ((line * ${SIDE}u + ${column}u) * params.fromChannels + 4u * part) * blocks + block;
        ${numbers(TILE)
          .map((row) => `let f${row} = ${load(row)};`)
          .join(" ")}
        ${numbers(TILE).map(add).join("\n        ")}
      }`;
}

const program = memoisedProgram(() => ({
  name: "conv3x3",
  inputs: { x: "vec4<f32>", filters: "vec4<f32>", bias: "vec4<f32>" } as const,
  outputs: { y: "vec4<f32>" } as const,
  uniforms: { count: "u32", height: "u32", width: "u32", fromChannels: "u32", toChannels: "u32" } as const,
  body: `${FLAT_GROUP}
/** Four channels of a pixel, zeros beyond the row's ends. */
fn pixelAt(row: u32, column: i32, part: u32) -> vec4<f32> {
  if (column < 0 || column >= i32(params.width)) { return vec4<f32>(0.0); }
  return x[(row * params.width + u32(column)) * (params.fromChannels / 4u) + part];
}

@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let id = flatGroup(group, groups) * ${THREADS}u + thread;
  if (id >= params.count) { return; }
  let blocks = params.toChannels / 4u;
  let block = id % blocks;
  let tile = id / blocks;
  let tiles = (params.width + ${TILE - 1}u) / ${TILE}u;
  let column = (tile % tiles) * ${TILE}u;
  let row = tile / tiles;
  let height = row % params.height;
  ${numbers(TILE)
    .map((pixel) => `var sum${pixel} = bias[block];`)
    .join(" ")}
  for (var line = 0u; line < ${SIDE}u; line++) {
    if (height + line < 1u || height + line > params.height) { continue; }
    let source = row + line - 1u;
    for (var part = 0u; part < params.fromChannels / 4u; part++) {
      ${numbers(TILE + SIDE - 1)
        .map((at) => `let n${at} = pixelAt(source, i32(column) + ${at - 1}, part);`)
        .join("\n      ")}
      ${numbers(SIDE).map(addColumn).join("\n      ")}
    }
  }
  let first = row * params.width + column;
  ${numbers(TILE)
    .map(
      (pixel) =>
        `if (column + ${pixel}u < params.width) { y[(first + ${pixel}u) * blocks + block] = sum${pixel}; }`,
    )
    .join("\n  ")}
}`,
}));

/** @returns [y] */
export function convOnGpu(
  backend: TrainerBackend,
  { x, filter, bias }: Readonly<Record<"x" | "filter" | "bias", TensorInfo>>,
): TensorInfo[] {
  const [images = 0, height = 0, width = 0, from = 0] = x.shape;
  const to = filter.shape[3] ?? 0;
  const count = images * height * Math.ceil(width / TILE) * (to / 4);
  const { y } = backend.runProgram(
    program(),
    { x, filters: filter, bias },
    { y: f32([images, height, width, to]) },
    { count, height, width, fromChannels: from, toChannels: to },
    spreadGroups(Math.ceil(count / THREADS)),
  );
  return [y];
}
