/**
 * The adapter's small products: down to the rank, x·Aᵀ or dy·B, and the gradients of A and B. A workgroup shares
 * the long sum and adds its parts up in a fixed order: one dispatch, no atomics, results that repeat to the bit.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { f32, memoisedProgram } from "../../device/programCache.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";

/**
 * Columns of the rank that a thread sums at once. Rows, lanes and slices keep workgroup memory to 4 KB: software GPUs
 * compile a store for each word of it.
 */
const COLUMNS = 8;
/** Rows that a workgroup of `downProgram` shares. */
const ROWS = 2;
const THREADS = 64;
/** Threads of `gradientProgram` along the wide axis, and how many share its rows. */
const LANES = 16;
const SLICES = 8;

function unroll(count: number, line: (at: number) => string): string {
  return Array.from({ length: count }, (_, at) => line(at)).join("\n    ");
}

const columnsOf = (rank: number) => Math.min(rank, COLUMNS);

/** WGSL of the columns' numbers; those beyond the rank repeat the last and are not stored. */
const columnNumbers = (count: number, group: string) =>
  unroll(count, (j) => `let j${j} = min(${group} * ${count}u + ${j}u, params.rank - 1u);`);

/** low [rows, rank] = scale · wide [rows, inner] · N, with N as [rank, inner] or [inner, rank]. */
const downProgram = memoisedProgram((columns: number, isRankMajor: boolean) => {
  const sums = ROWS * columns;
  const element = (j: number) => (isRankMajor ? `j${j} * params.inner + at` : `at * params.rank + j${j}`);
  return {
    name: "quantMatMulDown",
    inputs: { wide: "f32", narrow: "f32" } as const,
    outputs: { low: "f32" } as const,
    uniforms: { rows: "u32", inner: "u32", rank: "u32", scale: "f32" } as const,
    body: `var<workgroup> parts: array<f32, ${THREADS * sums}>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let first = group.x * ${ROWS}u;
  ${unroll(ROWS, (row) => `let row${row} = min(first + ${row}u, params.rows - 1u) * params.inner;`)}
  ${columnNumbers(columns, "group.y")}
  ${unroll(columns, (j) => `var sum${j} = vec2<f32>(0.0);`)}
  for (var at = thread; at < params.inner; at += ${THREADS}u) {
    let values = vec2<f32>(wide[row0 + at], wide[row1 + at]);
    ${unroll(columns, (j) => `sum${j} += values * narrow[${element(j)}];`)}
  }
  ${unroll(columns, (j) => unroll(ROWS, (row) => `parts[thread * ${sums}u + ${row * columns + j}u] = sum${j}[${row}];`))}
  workgroupBarrier();
  if (thread >= ${sums}u) { return; }
  let row = first + thread / ${columns}u;
  let j = group.y * ${columns}u + thread % ${columns}u;
  if (row >= params.rows || j >= params.rank) { return; }
  var total = 0.0;
  for (var other = 0u; other < ${THREADS}u; other++) { total += parts[other * ${sums}u + thread]; }
  low[row * params.rank + j] = total * params.scale;
}`,
  };
});

/** gradient [rank, width] or [width, rank] = scale · (lowᵀ · wide), low [rows, rank], wide [rows, width]. */
const gradientProgram = memoisedProgram((columns: number, isRankMajor: boolean) => ({
  name: "quantMatMulAdapterGradient",
  inputs: { wide: "f32", low: "f32" } as const,
  outputs: { gradient: "f32" } as const,
  uniforms: { rows: "u32", width: "u32", rank: "u32", scale: "f32" } as const,
  body: `var<workgroup> parts: array<f32, ${LANES * SLICES * columns}>;
@compute @workgroup_size(${LANES}, ${SLICES})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) thread: vec3<u32>) {
  let at = group.x * ${LANES}u + thread.x;
  let column = min(at, params.width - 1u);
  ${columnNumbers(columns, "group.y")}
  ${unroll(columns, (j) => `var sum${j} = 0.0;`)}
  for (var row = thread.y; row < params.rows; row += ${SLICES}u) {
    let value = wide[row * params.width + column];
    ${unroll(columns, (j) => `sum${j} += value * low[row * params.rank + j${j}];`)}
  }
  ${unroll(columns, (j) => `parts[(thread.y * ${columns}u + ${j}u) * ${LANES}u + thread.x] = sum${j};`)}
  workgroupBarrier();
  let j = group.y * ${columns}u + thread.y;
  if (thread.y >= ${columns}u || at >= params.width || j >= params.rank) { return; }
  var total = 0.0;
  for (var slice = 0u; slice < ${SLICES}u; slice++) {
    total += parts[(slice * ${columns}u + thread.y) * ${LANES}u + thread.x];
  }
  gradient[${isRankMajor ? "j * params.width + at" : "at * params.rank + j"}] = total * params.scale;
}`,
}));

/**
 * @param wide [R, inner] @param narrow A [r, in] when `isRankMajor`, else B [out, r]
 * @returns scale · wide · narrow [R, r]
 */
export function multiplyDown(
  backend: TrainerBackend,
  { wide, narrow }: { readonly wide: TensorInfo; readonly narrow: TensorInfo },
  isRankMajor: boolean,
  scale: number,
): TensorInfo {
  const [rows = 0, inner = 0] = wide.shape;
  const rank = narrow.shape[isRankMajor ? 0 : 1] ?? 0;
  const columns = columnsOf(rank);
  return backend.runProgram(
    downProgram(columns, isRankMajor),
    { wide, narrow },
    { low: f32([rows, rank]) },
    { rows, inner, rank, scale },
    [Math.ceil(rows / ROWS), Math.ceil(rank / columns), 1],
  ).low;
}

/**
 * @param wide [R, W] @param low [R, r]
 * @returns scale · lowᵀ·wide [r, W] when `isRankMajor`, else its transpose [W, r]
 */
export function adapterGradient(
  backend: TrainerBackend,
  { wide, low }: { readonly wide: TensorInfo; readonly low: TensorInfo },
  isRankMajor: boolean,
  scale: number,
): TensorInfo {
  const [rows = 0, width = 0] = wide.shape;
  const [, rank = 0] = low.shape;
  const columns = columnsOf(rank);
  return backend.runProgram(
    gradientProgram(columns, isRankMajor),
    { wide, low },
    { gradient: f32(isRankMajor ? [rank, width] : [width, rank]) },
    { rows, width, rank, scale },
    [Math.ceil(width / LANES), Math.ceil(rank / columns), 1],
  ).gradient;
}
