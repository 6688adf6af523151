/**
 * AdamW over many small tensors in few dispatches: gradients are summed into one long tensor, moments lie in another,
 * and on WebGPU a dispatch updates six parameters. Nothing here is on a tape.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { defineOp, runsShaders } from "../defineOp.ts";
import type { Packing } from "./packing.ts";
import { type AdamWStep, adamWTwin, addTwin, overwriteTwin, squaredNormsTwin } from "./twin.ts";
import { type Placed, packOnGpu, squaredNormsOnGpu, updateOnGpu } from "./webgpu.ts";

/** The backend whose buffers are written in place, or null where stock ops make new tensors. */
function gpuBackend(): TrainerBackend | null {
  return runsShaders() ? (tf.backend() as unknown as TrainerBackend) : null;
}

/**
 * Gives a variable a buffer of its own: writing in place would change everything that shares it (clones, snapshots).
 * @returns the variable
 */
function owned(backend: TrainerBackend, held: tf.Variable): tf.Variable {
  if (backend.refCount(held.dataId) > 1) tf.tidy(() => held.assign(tf.mul(held, 1)));
  return held;
}

function place<T extends tf.Tensor>(packing: Packing, tensors: readonly (T | undefined)[]) {
  return packing.segments.flatMap((segment, at) => {
    const tensor = tensors[at];
    return tensor ? [{ segment, tensor }] : [];
  });
}

/**
 * sum ← sum + tensors, each at its place.
 * @param sum [P], written @param tensors [S], borrowed; absent ones add nothing
 */
export function addPacked(
  sum: tf.Variable,
  packing: Packing,
  tensors: readonly (tf.Tensor | undefined)[],
): void {
  const backend = gpuBackend();
  if (backend) packOnGpu(backend, owned(backend, sum), place(packing, tensors), true);
  else tf.tidy(() => sum.assign(addTwin(sum, packing, tensors)));
}

/**
 * Puts values over a stretch of a long tensor.
 * @param packed of any shape, taken as one row of elements; written @param offset elements before the stretch
 * @param values borrowed
 */
export function overwritePacked(packed: tf.Variable, offset: number, values: tf.Tensor): void {
  const backend = gpuBackend();
  if (backend) {
    const placed = [{ segment: { offset, size: values.size }, tensor: values }];
    packOnGpu(backend, owned(backend, packed), placed, false);
  } else tf.tidy(() => packed.assign(overwriteTwin(packed, offset, values)));
}

const runSquaredNorms = defineOp<
  { readonly packed: tf.Tensor; readonly places: tf.Tensor },
  { readonly packing: Packing }
>({
  name: "PackedSquaredNorms",
  twin: ({ packed }, { packing }) => [squaredNormsTwin(packed, packing)],
  webgpu: (backend, { packed, places }) => [squaredNormsOnGpu(backend, packed, places)],
});

/**
 * Σ x² of every segment, summed in a fixed order; not finite where an element is not.
 * @param packed [P] @returns [S], owned by the caller
 */
export function packedSquaredNorms(packed: tf.Tensor, packing: Packing): tf.Tensor1D {
  const { segments } = packing;
  if (segments.length === 0) return tf.tensor1d([]);
  return tf.tidy(() => {
    const places = tf.tensor2d(
      segments.flatMap(({ offset, size }) => [offset, size]),
      [segments.length, 2],
      "int32",
    );
    return runSquaredNorms({ packed, places }, { packing })[0] as tf.Tensor1D;
  });
}

/** All that one update reads and writes. */
export interface AdamWJob {
  readonly packing: Packing;
  /** [S], written. */
  readonly parameters: readonly tf.Variable[];
  /** [S] who has a gradient; the others and their moments are left alone. */
  readonly reached: readonly boolean[];
  /** [P] */
  readonly gradients: tf.Tensor;
  /** Factor on every gradient. */
  readonly gradientScale: number;
  /** [2, P], running averages of gradient and squared gradient; written. */
  readonly moments: tf.Variable;
  readonly step: AdamWStep;
}

/** One AdamW update of every parameter that has a gradient (see `adamWUpdate` for the formula). */
export function updateAdamW(job: AdamWJob): void {
  const { packing, parameters, reached, gradients, gradientScale, moments, step } = job;
  const backend = gpuBackend();
  if (backend) {
    const chosen = parameters.map((parameter, at) => (reached[at] ? owned(backend, parameter) : undefined));
    const placed: Placed[] = place(packing, chosen);
    const state = { gradients, moments: owned(backend, moments) };
    updateOnGpu(backend, state, placed, gradientScale, step);
    return;
  }
  tf.tidy(() => {
    const scaled = gradientScale === 1 ? gradients : tf.mul(gradients, gradientScale);
    const next = adamWTwin(packing, parameters, scaled, moments, reached, step);
    for (const [at, parameter] of parameters.entries()) {
      if (reached[at]) parameter.assign(next.parameters[at] as tf.Tensor);
    }
    moments.assign(next.moments);
  });
}
