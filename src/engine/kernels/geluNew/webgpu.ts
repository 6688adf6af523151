/** `gelu_new` on WebGPU: one dispatch each way. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { memoisedProgram } from "../../device/programCache.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { elementwiseProgram, isByFours, runElementwise, SIGMOID } from "../elementwise.ts";
import { CUBIC, SLOPE } from "./twin.ts";

const GATE = `${SIGMOID}
fn gateOf(x: Value) -> Value { return sigmoid(x * (x * x * ${CUBIC} + ${SLOPE})); }`;

const forwardProgram = memoisedProgram((hasFours: boolean) =>
  elementwiseProgram<"y">("geluNew", [["x"], ["y"]], [GATE, "y[at] = x[at] * gateOf(x[at]);"], hasFours),
);

const backwardProgram = memoisedProgram((hasFours: boolean) =>
  elementwiseProgram<"dx">(
    "geluNewGradient",
    [["x", "dy"], ["dx"]],
    [
      GATE,
      `let value = x[at];
  let gate = gateOf(value);
  let slope = value * value * ${3 * CUBIC} + ${SLOPE};
  dx[at] = dy[at] * gate * (1.0 + (1.0 - gate) * value * slope);`,
    ],
    hasFours,
  ),
);

/** @returns [y] */
export function geluOnGpu(backend: TrainerBackend, { x }: { readonly x: TensorInfo }): TensorInfo[] {
  return [runElementwise(backend, forwardProgram(isByFours(x)), { x }, x).y];
}

/** @returns [dx] */
export function geluGradientOnGpu(
  backend: TrainerBackend,
  { x, dy }: Readonly<Record<"x" | "dy", TensorInfo>>,
): TensorInfo[] {
  return [runElementwise(backend, backwardProgram(isByFours(x)), { x, dy }, x).dx];
}
