/** Token scores of given logits on WebGPU: a workgroup per row forward, a thread per logit backward. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { FLAT_GROUP, type GpuProgram, spreadGroups } from "../../device/gpuProgram.ts";
import { f32 } from "../../device/programCache.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { SOFTMAX_STATE } from "../softmaxState.ts";

const THREADS = 64;
const UNIFORMS = { rowCount: "u32", columns: "u32" } as const;

const FORWARD = {
  name: "tokenLogProb",
  inputs: { logits: "f32", ids: "i32" },
  outputs: { logProbs: "f32", lse: "f32" },
  uniforms: UNIFORMS,
  body: `${FLAT_GROUP}${SOFTMAX_STATE}
var<workgroup> states: array<State, ${THREADS}>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let row = flatGroup(group, groups);
  if (row >= params.rowCount) { return; }
  let start = row * params.columns;
  let last = start + params.columns - 1u;
  let id = u32(ids[row]);
  var state = NOTHING;
  for (var column = 4u * thread; column < params.columns; column += 4u * ${THREADS}u) {
    let at = min(vec4<u32>(start + column) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(last));
    let values = vec4<f32>(logits[at.x], logits[at.y], logits[at.z], logits[at.w]);
    state = merge(state, stateOf(values, params.columns - column, id - column));
  }
  states[thread] = state;
  workgroupBarrier();
  if (thread > 0u) { return; }
  for (var other = 1u; other < ${THREADS}u; other++) { state = merge(state, states[other]); }
  lse[row] = state.x + log(state.y);
  logProbs[row] = state.w - lse[row];
}`,
} as const satisfies GpuProgram;

const BACKWARD = {
  name: "tokenLogProbGradient",
  inputs: { logits: "f32", ids: "i32", lse: "f32", dy: "f32" },
  outputs: { dLogits: "f32" },
  uniforms: UNIFORMS,
  body: `${FLAT_GROUP}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let at = flatGroup(group, groups) * ${THREADS}u + thread;
  if (at >= params.rowCount * params.columns) { return; }
  let row = at / params.columns;
  let isChosen = at - row * params.columns == u32(ids[row]);
  dLogits[at] = dy[row] * (select(0.0, 1.0, isChosen) - exp(logits[at] - lse[row]));
}`,
} as const satisfies GpuProgram;

function sizesOf({ shape: [rowCount = 0, columns = 0] }: TensorInfo) {
  return { rowCount, columns };
}

/** @returns [log p [R], log Σ exp z [R]] */
export function scoreLogitsOnGpu(
  backend: TrainerBackend,
  inputs: Readonly<Record<"logits" | "ids", TensorInfo>>,
): TensorInfo[] {
  const sizes = sizesOf(inputs.logits);
  const outputs = { logProbs: f32([sizes.rowCount]), lse: f32([sizes.rowCount]) };
  const made = backend.runProgram(FORWARD, inputs, outputs, sizes, spreadGroups(sizes.rowCount));
  return [made.logProbs, made.lse];
}

/** @returns [dLogits [R, V]] */
export function logitGradientsOnGpu(
  backend: TrainerBackend,
  {
    statistics: lse,
    logits,
    ids,
    dy,
  }: Readonly<Record<"ids" | "statistics" | "dy", TensorInfo>> & { readonly logits?: TensorInfo },
): TensorInfo[] {
  const like = logits as TensorInfo;
  const sizes = sizesOf(like);
  const groups = spreadGroups(Math.ceil((sizes.rowCount * sizes.columns) / THREADS));
  const outputs = { dLogits: f32(like.shape) };
  return [backend.runProgram(BACKWARD, { logits: like, ids, lse, dy }, outputs, sizes, groups).dLogits];
}
