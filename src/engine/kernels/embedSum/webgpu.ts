/**
 * The straight-through embedding on WebGPU. Forward: one dispatch, a workgroup per row. Backward: products of dy with the
 * table, written where the gradient will be, with their sums along the softmax; then the Jacobian in place. So nothing
 * of the vocabulary's width is stored but the softmax and the result.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { FLAT_GROUP, type GpuProgram, spreadGroups } from "../../device/gpuProgram.ts";
import { f32, memoisedProgram } from "../../device/programCache.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import {
  eachRow,
  rowTile,
  TILE_SIDE,
  TILE_THREADS,
  TILE_UNIFORMS,
  type TileKey,
  type TileMatrix,
  tileCall,
  tileElement,
  tileInputs,
} from "../rowTile.ts";
import { SOFTMAX_STATE } from "../softmaxState.ts";
import type { SoftenedInputs } from "./twin.ts";

const THREADS = 64;

/** WGSL: the states of all threads as one, known to all. */
const MERGE_ALL = `
var<workgroup> states: array<State, ${THREADS}>;
fn mergeAll(thread: u32, own: State) -> State {
  states[thread] = own;
  workgroupBarrier();
  if (thread == 0u) {
    var total = own;
    for (var other = 1u; other < ${THREADS}u; other++) { total = merge(total, states[other]); }
    states[0] = total;
  }
  workgroupBarrier();
  let total = states[0];
  // The next call writes again.
  workgroupBarrier();
  return total;
}`;

/** WGSL: the row's log Σ exp z plus the drawn one's noise, at which the others' perturbed logits are cut off. */
const CEILING = `
  var plain = NOTHING;
  for (var column = thread; column < params.columns; column += ${THREADS}u) {
    plain = merge(plain, State(logits[start + column], 1.0, 0.0, 0.0));
  }
  let whole = mergeAll(thread, plain);
  let id = u32(ids[row]);
  let ceiling = whole.x + log(whole.y) + noise[start + id];`;

/** WGSL: −log(exp(−(z + g)) + exp(−M)), by the larger of the two. */
const CUT_OFF = `
fn cutOff(free: f32, ceiling: f32) -> f32 {
  let lesser = min(free, ceiling);
  return lesser - log(exp(lesser - free) + exp(lesser - ceiling));
}`;

const softenProgram = memoisedProgram((hasNoise: boolean) => {
  const inputs: GpuProgram["inputs"] = {
    logits: "f32",
    ...(hasNoise ? { ids: "i32" as const, noise: "f32" as const } : {}),
  };
  const value = hasNoise
    ? "select(cutOff(logits[at] + noise[at], ceiling), ceiling, column == id)"
    : "logits[at]";
  return {
    name: "softenChoice",
    inputs,
    outputs: { probs: "f32" } as const,
    uniforms: { rowCount: "u32", columns: "u32", tau: "f32" } as const,
    body: `${FLAT_GROUP}${SOFTMAX_STATE}${MERGE_ALL}${hasNoise ? CUT_OFF : ""}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let row = flatGroup(group, groups);
  if (row >= params.rowCount) { return; }
  let start = row * params.columns;
  ${hasNoise ? CEILING : ""}
  var state = NOTHING;
  for (var column = thread; column < params.columns; column += ${THREADS}u) {
    let at = start + column;
    let z = ${value} / params.tau;
    probs[at] = z;
    state = merge(state, State(z, 1.0, 0.0, 0.0));
  }
  let total = mergeAll(thread, state);
  for (var at = start + thread; at < start + params.columns; at += ${THREADS}u) {
    probs[at] = exp(probs[at] - total.x) / total.y;
  }
}`,
  };
});

/** dy·tableᵀ, and each workgroup's share of Σ softmax·(dy·tableᵀ). */
const productProgram = memoisedProgram((...key: TileKey) => {
  const [, hasFours] = key;
  const element = tileElement(hasFours);
  return {
    name: "softenChoiceProducts",
    inputs: { ...tileInputs(key), probs: element },
    outputs: { dProbs: element, partials: "f32" as const },
    uniforms: TILE_UNIFORMS,
    body: `${rowTile(key)}
var<workgroup> sums: array<f32, ${TILE_THREADS * TILE_SIDE}>;
fn store(row: u32, column: u32, values: vec4<f32>) -> f32 {
  if (row >= params.rowCount) { return 0.0; }
  let at = row * params.columns + column;
  ${
    hasFours
      ? "dProbs[at / 4u] = values;\n  return dot(values, probs[at / 4u]);"
      : `var sum = 0.0;
  for (var lane = 0u; lane < min(4u, params.columns - column); lane++) {
    dProbs[at + lane] = values[lane];
    sum += values[lane] * probs[at + lane];
  }
  return sum;`
  }
}
@compute @workgroup_size(${TILE_THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let columnThread = thread % COLUMN_THREADS;
  let rowThread = thread / COLUMN_THREADS;
  let row = group.y * GROUP_ROWS + rowThread * ${TILE_SIDE}u;
  let column = (group.x * COLUMN_THREADS + columnThread) * ${TILE_SIDE}u;
    ${eachRow((at) => `var sum${at} = 0.0;`)}
  if (column < params.columns) {
    let products = multiply(row, column);
    ${eachRow((at) => `sum${at} = store(row + ${at}u, column, products.row${at});`)}
  }
  let slot = rowThread * ${TILE_SIDE}u * COLUMN_THREADS + columnThread;
    ${eachRow((at) => `sums[slot + ${at}u * COLUMN_THREADS] = sum${at};`)}
  workgroupBarrier();
  let own = group.y * GROUP_ROWS + thread;
  if (thread >= GROUP_ROWS || own >= params.rowCount) { return; }
  var total = 0.0;
  for (var at = 0u; at < COLUMN_THREADS; at++) { total += sums[thread * COLUMN_THREADS + at]; }
  partials[group.x * params.rowCount + own] = total;
}`,
  };
});

/** From dy·tableᵀ to the logits' gradient, in place. */
const JACOBIAN = {
  name: "softenChoiceGradient",
  inputs: { probs: "f32", partials: "f32", weights: "f32" },
  outputs: { dLogits: "f32" },
  uniforms: { rowCount: "u32", columns: "u32", parts: "u32", tau: "f32" },
  body: `${FLAT_GROUP}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let row = flatGroup(group, groups);
  if (row >= params.rowCount) { return; }
  let start = row * params.columns;
  let scale = weights[row] / params.tau;
  var along = 0.0;
  for (var part = 0u; part < params.parts; part++) { along += partials[part * params.rowCount + row]; }
  for (var at = start + thread; at < start + params.columns; at += ${THREADS}u) {
    dLogits[at] = (dLogits[at] - along) * probs[at] * scale;
  }
}`,
} as const satisfies GpuProgram;

/** @returns [softmax((logits + g)/τ) [R, V]] */
export function softenChoiceOnGpu(
  backend: TrainerBackend,
  inputs: { readonly logits: TensorInfo; readonly ids: TensorInfo; readonly noise?: TensorInfo },
  { tau }: { readonly tau: number },
): TensorInfo[] {
  const [rowCount = 0, columns = 0] = inputs.logits.shape;
  const program = softenProgram(inputs.noise !== undefined);
  const outputs = { probs: f32([rowCount, columns]) };
  const uniforms = { rowCount, columns, tau };
  return [backend.runProgram(program, { ...inputs }, outputs, uniforms, spreadGroups(rowCount)).probs];
}

/** @returns [dLogits [R, V]] */
export function softenedGradientOnGpu(
  backend: TrainerBackend,
  { probs, weights, dy, columns, packed, scales }: SoftenedInputs<TensorInfo>,
  { tau, ...sizes }: TileMatrix & { readonly tau: number },
): TensorInfo[] {
  const { key, uniforms, rowGroups, tileColumns } = tileCall(dy, sizes);
  const { rowCount } = uniforms;
  const parts = Math.ceil(uniforms.columns / tileColumns);
  const { dProbs, partials } = backend.runProgram(
    productProgram(...key),
    { rows: dy, matrix: columns, packed, scales, probs },
    { dProbs: f32(probs.shape), partials: f32([parts, rowCount]) },
    uniforms,
    [parts, rowGroups, 1],
  );
  backend.runProgram(
    JACOBIAN,
    { probs, partials, weights },
    { dLogits: dProbs },
    { rowCount, columns: uniforms.columns, parts, tau },
    spreadGroups(rowCount),
  );
  backend.disposeData(partials.dataId);
  return [dProbs];
}
