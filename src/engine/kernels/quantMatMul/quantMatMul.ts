/**
 * The linear layer's two kernels: forward, and the gradients of its input and of its adapter, both from the same weight
 * buffer, in f32 or in few bits. The weight itself is frozen. `nn/linear.ts` puts them on the tape.
 *
 * Source: Hu et al., arXiv 2106.09685 (adapter); Dettmers et al., arXiv 2305.14314 (adapter on a quantised base).
 */
import type * as tf from "@tensorflow/tfjs-core";
import { defineOp } from "../defineOp.ts";
import { type AdapterInputs, multiply, multiplyGradients, type Wanted } from "./twin.ts";
import { multiplyGradientsOnGpu, multiplyOnGpu } from "./webgpu.ts";
import type { Weight } from "./weight.ts";

interface Forward extends AdapterInputs {
  /** [R, in] */
  readonly x: tf.Tensor;
  /** [out] */
  readonly bias: tf.Tensor;
}

interface Backward extends AdapterInputs {
  /** [R, out] */
  readonly dy: tf.Tensor;
  /** [R, in], for the adapter's gradients. */
  readonly x?: tf.Tensor;
  /** scale·x·Aᵀ [R, r], for the adapter's gradients. */
  readonly low?: tf.Tensor;
}

interface Attributes {
  readonly weight: Weight;
  /** Wᵀ [out, in] in f32 for the twin, borrowed. */
  readonly transposed: () => tf.Tensor2D;
  /** Of the adapter. */
  readonly scale: number;
}

/** @returns [y [R, out]], and with an adapter low = scale·x·Aᵀ [R, r]; owned by the caller, on no tape */
export const runQuantMatMul = defineOp<Forward, Omit<Attributes, "transposed">>({
  name: "QuantMatMul",
  twin: (inputs, { weight, scale }) =>
    multiply(inputs, weight.format === "f32" ? weight.values : weight.expanded(), scale),
  webgpu: (backend, inputs, { weight, scale }) => multiplyOnGpu(backend, inputs, weight, scale),
});

/** @returns of [dx [R, in], dA [r, in], dB [out, r]] those that are wanted; owned by the caller */
export const runQuantMatMulGrad = defineOp<Backward, Attributes & Wanted>({
  name: "QuantMatMulGrad",
  twin: (inputs, { transposed, scale, ...wanted }) => multiplyGradients(inputs, transposed, scale, wanted),
  webgpu: (backend, inputs, { weight, scale, ...wanted }) =>
    multiplyGradientsOnGpu(backend, inputs, weight, scale, wanted),
});
