/** SiLU-gated product on WebGPU: one dispatch each way. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { memoisedProgram } from "../../device/programCache.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { elementwiseProgram, isByFours, runElementwise, SIGMOID } from "../elementwise.ts";

const forwardProgram = memoisedProgram((hasFours: boolean) =>
  elementwiseProgram<"y">(
    "siluGate",
    [["gate", "up"], ["y"]],
    [SIGMOID, "y[at] = gate[at] * sigmoid(gate[at]) * up[at];"],
    hasFours,
  ),
);

const backwardProgram = memoisedProgram((hasFours: boolean) =>
  elementwiseProgram<"dGate" | "dUp">(
    "siluGateGradient",
    [
      ["gate", "up", "dy"],
      ["dGate", "dUp"],
    ],
    [
      SIGMOID,
      `let value = gate[at];
  let open = sigmoid(value);
  dGate[at] = dy[at] * up[at] * open * (1.0 + (1.0 - open) * value);
  dUp[at] = dy[at] * value * open;`,
    ],
    hasFours,
  ),
);

/** @returns [y] */
export function gateUpOnGpu(
  backend: TrainerBackend,
  { gate, up }: Readonly<Record<"gate" | "up", TensorInfo>>,
): TensorInfo[] {
  return [runElementwise(backend, forwardProgram(isByFours(gate)), { gate, up }, gate).y];
}

/** @returns [dGate, dUp] */
export function gateUpGradientsOnGpu(
  backend: TrainerBackend,
  { gate, up, dy }: Readonly<Record<"gate" | "up" | "dy", TensorInfo>>,
): TensorInfo[] {
  const program = backwardProgram(isByFours(gate));
  const { dGate, dUp } = runElementwise(backend, program, { gate, up, dy }, gate);
  return [dGate, dUp];
}
