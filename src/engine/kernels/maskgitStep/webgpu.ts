/**
 * A MaskGIT decoding step on WebGPU in two dispatches: a workgroup per position draws its code, then a thread per
 * position finds out by counting whether it is among the least certain.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { FLAT_GROUP, spreadGroups } from "../../device/gpuProgram.ts";
import { f32, memoisedProgram } from "../../device/programCache.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { type ImageIds, KNOWN_LOG_CONFIDENCE, MIN_LOG_CONFIDENCE, type StepNumbers } from "./twin.ts";

const THREADS = 64;

const int32 = (shape: readonly number[]) => ({ shape, dtype: "int32" as const });

/**
 * A thread sums a stretch of neighbouring codes, and the stretches are added in their order, so that the cumulative sum
 * rises in the order of the codes as it must. Bits tell what is not finite: comparisons may be compiled as if all were.
 */
const drawProgram = memoisedProgram(() => ({
  name: "maskgitDraw",
  inputs: { logits: "f32", codes: "i32", uniforms: "f32", gumbel: "f32" } as const,
  outputs: { sampled: "i32", scores: "f32" } as const,
  uniforms: { positions: "u32", codebook: "u32", temperature: "f32" } as const,
  body: `${FLAT_GROUP}
const LOWEST = -3.4e38;
const NEGATIVE_INFINITY = 0xff800000u;
const EXPONENT = 0x7f800000u;
var<workgroup> peaks: array<f32, ${THREADS}>;
var<workgroup> sums: array<f32, ${THREADS}>;

fn isBroken(value: f32) -> bool {
  let bits = bitcast<u32>(value);
  return (bits & EXPONENT) == EXPONENT && bits != NEGATIVE_INFINITY;
}

@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let position = flatGroup(group, groups);
  if (position >= params.positions) { return; }
  let jitter = params.temperature * gumbel[position];
  let known = codes[position];
  if (known >= 0) {
    if (thread == 0u) {
      sampled[position] = known;
      scores[position] = ${KNOWN_LOG_CONFIDENCE} + jitter;
    }
    return;
  }
  let start = position * params.codebook;
  let stretch = (params.codebook + ${THREADS - 1}u) / ${THREADS}u;
  let first = min(thread * stretch, params.codebook);
  let end = min(first + stretch, params.codebook);
  var peak = LOWEST;
  var hasFault = false;
  for (var code = first; code < end; code++) {
    let logit = logits[start + code];
    hasFault = hasFault || isBroken(logit);
    peak = max(peak, logit);
  }
  // Above every logit that can be: the sign that one is broken.
  peaks[thread] = select(peak, 3.4e38, hasFault);
  workgroupBarrier();
  var largest = LOWEST;
  for (var at = 0; at < ${THREADS}; at++) { largest = max(largest, peaks[at]); }
  var own = 0.0;
  for (var code = first; code < end; code++) { own += exp(max(logits[start + code], LOWEST) - largest); }
  sums[thread] = own;
  workgroupBarrier();
  if (largest >= 3.4e38 || largest <= LOWEST) {
    if (thread == 0u) {
      sampled[position] = -1;
      scores[position] = ${MIN_LOG_CONFIDENCE} + jitter;
    }
    return;
  }
  var total = 0.0;
  for (var at = 0; at < ${THREADS}; at++) { total += sums[at]; }
  let goal = uniforms[position] * total;
  var winner = ${THREADS}u;
  var before = 0.0;
  var last = 0u;
  var beforeLast = 0.0;
  for (var at = 0u; at < ${THREADS}u; at++) {
    let after = before + sums[at];
    if (winner == ${THREADS}u && sums[at] > 0.0) {
      last = at;
      beforeLast = before;
      if (goal < after) { winner = at; }
    }
    before = after;
  }
  if (thread != last) { return; }
  var left = goal - beforeLast;
  var chosen = first;
  for (var code = first; code < end; code++) {
    let weight = exp(max(logits[start + code], LOWEST) - largest);
    if (weight > 0.0) {
      chosen = code;
      left -= weight;
      if (left < 0.0) { break; }
    }
  }
  sampled[position] = i32(chosen);
  let logProb = logits[start + chosen] - largest - log(total);
  scores[position] = max(logProb, ${MIN_LOG_CONFIDENCE}) + jitter;
}`,
}));

/**
 * Those strictly below the score at rank `count` are hidden: scores at or below theirs are at most `count`. So ties fall
 * as they do for a sorted list, and no list is sorted.
 */
const hideProgram = memoisedProgram(() => ({
  name: "maskgitHide",
  inputs: { codes: "i32", sampled: "i32", scores: "f32", faults: "i32" } as const,
  outputs: { next: "i32", nextFaults: "i32" } as const,
  uniforms: { positions: "u32", tokens: "u32", scheduledHidden: "i32" } as const,
  body: `${FLAT_GROUP}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let position = flatGroup(group, groups) * ${THREADS}u + thread;
  if (position >= params.positions) { return; }
  let image = position / params.tokens;
  let start = image * params.tokens;
  let own = scores[position];
  var unknown = 0;
  var atMost = 0;
  var fault = faults[image];
  for (var at = start; at < start + params.tokens; at++) {
    if (codes[at] < 0) { unknown += 1; }
    if (scores[at] <= own) { atMost += 1; }
    if (sampled[at] < 0) { fault = 1; }
  }
  let count = max(1, min(unknown - 1, params.scheduledHidden));
  next[position] = select(sampled[position], -1, atMost <= count);
  if (position == start) { nextFaults[image] = fault; }
}`,
}));

/** @returns [next codes, sampled, faults] */
export function maskgitStepOnGpu(
  backend: TrainerBackend,
  {
    logits,
    codes,
    uniforms,
    gumbel,
    faults,
  }: Readonly<Record<"logits" | "codes" | "uniforms" | "gumbel" | "faults", TensorInfo>>,
  { temperature, scheduledHidden }: StepNumbers,
): TensorInfo[] {
  const [images = 0, tokens = 0] = codes.shape;
  const positions = images * tokens;
  const drawn = backend.runProgram(
    drawProgram(),
    { logits, codes, uniforms, gumbel },
    { sampled: int32(codes.shape), scores: f32(codes.shape) },
    { positions, codebook: logits.shape[2] ?? 0, temperature },
    spreadGroups(positions),
  );
  const { next, nextFaults } = backend.runProgram(
    hideProgram(),
    { codes, sampled: drawn.sampled, scores: drawn.scores, faults },
    { next: int32(codes.shape), nextFaults: int32(faults.shape) },
    { positions, tokens, scheduledHidden },
    spreadGroups(Math.ceil(positions / THREADS)),
  );
  backend.disposeData(drawn.scores.dataId);
  return [next, drawn.sampled, nextFaults];
}

const idProgram = memoisedProgram(() => ({
  name: "imageIds",
  inputs: { codes: "i32" } as const,
  outputs: { ids: "i32" } as const,
  uniforms: { size: "u32", tokens: "u32", offset: "i32", mask: "i32", before: "i32", after: "i32" } as const,
  body: `${FLAT_GROUP}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let at = flatGroup(group, groups) * ${THREADS}u + thread;
  if (at >= params.size) { return; }
  let image = at / (params.tokens + 2u);
  let place = at % (params.tokens + 2u);
  if (place == 0u) { ids[at] = params.before; return; }
  if (place > params.tokens) { ids[at] = params.after; return; }
  let code = codes[image * params.tokens + place - 1u];
  ids[at] = select(code + params.offset, params.mask, code < 0);
}`,
}));

/** @param codes [B, N] @returns [B, N + 2] */
export function imageIdsOnGpu(backend: TrainerBackend, codes: TensorInfo, ids: ImageIds): TensorInfo {
  const [images = 0, tokens = 0] = codes.shape;
  const size = images * (tokens + 2);
  const groups = spreadGroups(Math.ceil(size / THREADS));
  const outputs = { ids: int32([images, tokens + 2]) };
  return backend.runProgram(idProgram(), { codes }, outputs, { size, tokens, ...ids }, groups).ids;
}
