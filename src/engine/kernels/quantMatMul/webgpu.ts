/**
 * The linear layer on WebGPU. Forward: one dispatch, two with adapters. Backward: dx from the same weight buffer in one
 * dispatch, with adapters two, and one more for each of all dA and all dB.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { layoutOf } from "../../quant/quantFormat.ts";
import { adapterGradients, multiplyDown } from "./narrowProduct.ts";
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
  const { format, inSize, outSize, spans, scale, variant } = attributes;
  const layout = format === "f32" ? null : layoutOf(format, { outSize, inSize });
  const common = { format, isForward, layout, variant };
  if (isForward) return { ...common, inner: inSize, outer: outSize, spans, scale };
  // Every A reaches all of dx, and the scale is in dLow already.
  const all = { start: 0, count: inSize };
  return { ...common, inner: outSize, outer: inSize, spans: [all], scale: 1 };
}

/** @returns y [R, out] and, with an adapter, x·Aᵀ [R, P·r] */
export function applyLinearOnGpu(
  backend: TrainerBackend,
  inputs: ForwardInputs<TensorInfo>,
  attributes: LinearAttributes,
): TensorInfo[] {
  const { x, bias, residual, a, b } = inputs;
  const product = productOf(attributes, true);
  const added = { ...(bias ? { bias } : {}), ...(residual ? { residual } : {}) };
  const operands = { left: x, ...weightOf(inputs), ...added };
  if (!a || !b) return [multiplyWide(backend, product, operands)];
  const low = multiplyDown(backend, { wide: x, narrow: a }, true, { spans: [], scale: 1 });
  return [multiplyWide(backend, product, { ...operands, low, lift: b }), low];
}

/** @returns of dx [R, in], each adapter's dA [r, in] and dB [columns, r] those that are needed, in this order */
export function linearGradientsOnGpu(
  backend: TrainerBackend,
  inputs: BackwardInputs<TensorInfo>,
  attributes: LinearAttributes,
): TensorInfo[] {
  const { dy, a, b, x, low } = inputs;
  const { spans, scale, inSize, needsInput, needsAdapter } = attributes;
  const dLow = b ? multiplyDown(backend, { wide: dy, narrow: b }, false, { spans, scale }) : null;
  const gradients: TensorInfo[] = [];
  if (needsInput) {
    const operands = { left: dy, ...weightOf(inputs), ...(a && dLow ? { low: dLow, lift: a } : {}) };
    gradients.push(multiplyWide(backend, productOf(attributes, false), operands));
  }
  if (needsAdapter && dLow && x && low) {
    const whole = spans.map(() => ({ start: 0, count: inSize }));
    const dA = adapterGradients(backend, { wide: x, low: dLow }, true, { spans: whole, scale: 1 });
    const dB = adapterGradients(backend, { wide: dy, low }, false, { spans, scale });
    gradients.push(...dA.flatMap((gradient, at) => [gradient, dB[at] as TensorInfo]));
  }
  if (dLow) backend.disposeData(dLow.dataId);
  return gradients;
}
