/**
 * AdamW and its sums on WebGPU. Gradients and moments lie in one buffer each; parameters have a buffer each, and a
 * dispatch takes as many of them as a device binds. Long buffers and parameters are written in place.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { FLAT_GROUP, spreadGroups } from "../../device/gpuProgram.ts";
import { f32, memoisedProgram } from "../../device/programCache.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import type { Segment } from "./packing.ts";
import type { AdamWStep } from "./twin.ts";

const THREADS = 128;
/** Eight buffers, less the sum. */
const TENSORS_PER_SUM = 7;
/** Eight buffers, less gradients and moments. */
const TENSORS_PER_UPDATE = 6;

/** A small tensor and its place in the long ones. */
export interface Placed {
  readonly segment: Pick<Segment, "offset" | "size">;
  readonly tensor: TensorInfo;
}

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

/** A field per number: `each(name)` names them. */
function fields<T>(count: number, name: string, value: (at: number) => T): Record<string, T> {
  return Object.fromEntries(numbers(count).map((at) => [`${name}${at}`, value(at)]));
}

/** Where the tensors of one dispatch lie: `offset` in the long buffers, `end` in the dispatch's row of elements. */
const placeUniforms = (count: number) => ({
  ...fields(count, "offset", () => "u32" as const),
  ...fields(count, "end", () => "u32" as const),
});

/** Values of `placeUniforms`, and the elements of all of them. */
function placesOf(placed: readonly Placed[]): { uniforms: Record<string, number>; total: number } {
  let total = 0;
  const ends = placed.map(({ segment: { size } }) => {
    total += size;
    return total;
  });
  const offsets = fields(placed.length, "offset", (at) => placed[at]?.segment.offset ?? 0);
  return { uniforms: { ...offsets, ...fields(placed.length, "end", (at) => ends[at] ?? 0) }, total };
}

/** WGSL: `statement(k)` for the tensor that an element belongs to; `at` is its place there, `place` in the long buffers. */
const perElement = (count: number, statement: (tensor: number) => string) => `${FLAT_GROUP}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let element = flatGroup(group, groups) * ${THREADS}u + thread;
${numbers(count)
  .map((tensor) => {
    const start = tensor === 0 ? "0u" : `params.end${tensor - 1}`;
    return `  if (element < params.end${tensor}) {
    let at = element - ${start};
    let place = params.offset${tensor} + at;
    ${statement(tensor)}
    return;
  }`;
  })
  .join("\n")}
}`;

const packProgram = memoisedProgram((count: number, isAdding: boolean) => ({
  name: isAdding ? "addPacked" : "overwritePacked",
  inputs: fields(count, "tensor", () => "f32" as const),
  outputs: { packed: "f32" } as const,
  uniforms: placeUniforms(count),
  body: perElement(count, (tensor) => `packed[place] ${isAdding ? "+=" : "="} tensor${tensor}[at];`),
}));

const updateProgram = memoisedProgram((count: number) => ({
  name: "adamW",
  inputs: { gradients: "f32" } as const,
  outputs: { moments: "f32", ...fields(count, "parameter", () => "f32" as const) },
  uniforms: {
    size: "u32",
    gradientScale: "f32",
    beta1: "f32",
    beta2: "f32",
    rest1: "f32",
    rest2: "f32",
    correction1: "f32",
    correction2: "f32",
    epsilon: "f32",
    weightDecay: "f32",
    learningRate: "f32",
    ...placeUniforms(count),
  } as const,
  body: `fn updated(place: u32, parameter: f32) -> f32 {
  let gradient = gradients[place] * params.gradientScale;
  let first = moments[place] * params.beta1 + gradient * params.rest1;
  let second = moments[params.size + place] * params.beta2 + gradient * gradient * params.rest2;
  moments[place] = first;
  moments[params.size + place] = second;
  let direction = (first / params.correction1) / (sqrt(second / params.correction2) + params.epsilon);
  return parameter - (direction + parameter * params.weightDecay) * params.learningRate;
}
${perElement(count, (tensor) => `parameter${tensor}[at] = updated(place, parameter${tensor}[at]);`)}`,
}));

const normProgram = memoisedProgram(() => ({
  name: "squaredNorms",
  inputs: { packed: "f32", places: "u32" } as const,
  outputs: { norms: "f32" } as const,
  uniforms: { segments: "u32" } as const,
  body: `${FLAT_GROUP}
var<workgroup> parts: array<f32, ${THREADS}>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let segment = flatGroup(group, groups);
  if (segment >= params.segments) { return; }
  let offset = places[2u * segment];
  let size = places[2u * segment + 1u];
  var own = 0.0;
  for (var at = thread; at < size; at += ${THREADS}u) {
    let value = packed[offset + at];
    own += value * value;
  }
  parts[thread] = own;
  workgroupBarrier();
  if (thread > 0u) { return; }
  var total = 0.0;
  for (var at = 0; at < ${THREADS}; at++) { total += parts[at]; }
  norms[segment] = total;
}`,
}));

function chunksOf<T>(list: readonly T[], length: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / length) }, (_, at) =>
    list.slice(at * length, (at + 1) * length),
  );
}

/** Adds tensors to their places, or puts them there. @param packed written in place */
export function packOnGpu(
  backend: TrainerBackend,
  packed: TensorInfo,
  placed: readonly Placed[],
  isAdding: boolean,
): void {
  for (const chunk of chunksOf(placed, TENSORS_PER_SUM)) {
    const { uniforms, total } = placesOf(chunk);
    const inputs = fields(chunk.length, "tensor", (at) => chunk[at]?.tensor);
    const groups = spreadGroups(Math.ceil(total / THREADS));
    backend.runProgram(packProgram(chunk.length, isAdding), inputs, { packed }, uniforms, groups);
  }
}

/** Long buffers of an update. */
export interface PackedState {
  /** [P] */
  readonly gradients: TensorInfo;
  /** [2, P], written in place. */
  readonly moments: TensorInfo;
}

/** @param placed parameters to update, written in place */
export function updateOnGpu(
  backend: TrainerBackend,
  { gradients, moments }: PackedState,
  placed: readonly Placed[],
  gradientScale: number,
  { update, learningRate, options: { beta1, beta2, epsilon, weightDecay } }: AdamWStep,
): void {
  const numbersOfStep = {
    size: moments.shape[1] ?? 0,
    gradientScale,
    beta1,
    beta2,
    rest1: 1 - beta1,
    rest2: 1 - beta2,
    correction1: 1 - beta1 ** update,
    correction2: 1 - beta2 ** update,
    epsilon,
    weightDecay,
    learningRate,
  };
  for (const chunk of chunksOf(placed, TENSORS_PER_UPDATE)) {
    const { uniforms, total } = placesOf(chunk);
    const parameters = Object.fromEntries(chunk.map(({ tensor }, at) => [`parameter${at}`, tensor] as const));
    const groups = spreadGroups(Math.ceil(total / THREADS));
    const program = updateProgram(chunk.length);
    backend.runProgram(
      program,
      { gradients },
      { moments, ...parameters },
      { ...numbersOfStep, ...uniforms },
      groups,
    );
  }
}

/** @param places int32 [S, 2]: offset and size @returns [S] */
export function squaredNormsOnGpu(
  backend: TrainerBackend,
  packed: TensorInfo,
  places: TensorInfo,
): TensorInfo {
  const [segments = 0] = places.shape;
  const outputs = { norms: f32([segments]) };
  return backend.runProgram(normProgram(), { packed, places }, outputs, { segments }, spreadGroups(segments))
    .norms;
}
