/**
 * The linear layer on WebGPU. Forward: one dispatch, two with an adapter. Backward: dx from the same weight buffer in one
 * dispatch, with an adapter two, and one more for each of dA and dB.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { layoutOf } from "../../quant/quantFormat.ts";
import { adapterGradient, multiplyDown } from "./narrowProduct.ts";
import type { BackwardInputs, ForwardInputs, LinearAttributes } from "./twin.ts";
import { multiplyWide } from "./wideProduct.ts";

function weightOf({ weight, packed, scales }: Omit<ForwardInputs<TensorInfo>, "x">) {
  return {
    ...(weight ? { weight } : {}),
    ...(packed ? { packed } : {}),
    ...(scales ? { scales } : {}),
  };
}

function productOf(attributes: LinearAttributes, isForward: boolean) {
  const { format, inSize, outSize, scale, variant } = attributes;
  const [inner, outer] = isForward ? [inSize, outSize] : [outSize, inSize];
  const layout = format === "f32" ? null : layoutOf(format, { outSize, inSize });
  return { format, isForward, inner, outer, layout, scale, variant };
}

/** @returns y [R, out] and, with an adapter, x·Aᵀ [R, r] */
export function applyLinearOnGpu(
  backend: TrainerBackend,
  inputs: ForwardInputs<TensorInfo>,
  attributes: LinearAttributes,
): TensorInfo[] {
  const { x, bias, a, b } = inputs;
  const product = productOf(attributes, true);
  const operands = { left: x, ...weightOf(inputs), ...(bias ? { bias } : {}) };
  if (!a || !b) return [multiplyWide(backend, product, operands)];
  const low = multiplyDown(backend, { wide: x, narrow: a }, true, 1);
  return [multiplyWide(backend, product, { ...operands, low, lift: b }), low];
}

/** @returns of dx [R, in], dA [r, in], dB [out, r] those that are needed, in this order */
export function linearGradientsOnGpu(
  backend: TrainerBackend,
  inputs: BackwardInputs<TensorInfo>,
  attributes: LinearAttributes,
): TensorInfo[] {
  const { dy, a, b, x, low } = inputs;
  const { scale, needsInput, needsAdapter } = attributes;
  const dLow = b ? multiplyDown(backend, { wide: dy, narrow: b }, false, scale) : null;
  const gradients: TensorInfo[] = [];
  if (needsInput) {
    // The scale is in dLow already.
    const product = { ...productOf(attributes, false), scale: 1 };
    const operands = { left: dy, ...weightOf(inputs), ...(a && dLow ? { low: dLow, lift: a } : {}) };
    gradients.push(multiplyWide(backend, product, operands));
  }
  if (needsAdapter && dLow && x && low) {
    gradients.push(adapterGradient(backend, { wide: x, low: dLow }, true, 1));
    gradients.push(adapterGradient(backend, { wide: dy, low }, false, scale));
  }
  if (dLow) backend.disposeData(dLow.dataId);
  return gradients;
}
