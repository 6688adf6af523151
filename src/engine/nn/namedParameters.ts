/** Parameters by the names of their file: checked against what a configuration expects, uploaded, and looked up. */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../errors.ts";
import { conv3x3 } from "../kernels/conv3x3/conv3x3.ts";
import type { SafetensorsEntry } from "../safetensors/safetensors.ts";
import { toFloat32 } from "../safetensors/toFloat32.ts";
import { describeFaults, shapesOf } from "./compareShapes.ts";

/** Name → shape as stored: convolutions [out, in, height, width], everything else as it is used. */
export type ParameterShapes = Map<string, readonly number[]>;
export type Parameters = ReadonlyMap<string, tf.Tensor>;

/** Adds a convolution with bias. */
export function addConv(shapes: ParameterShapes, name: string, from: number, to: number, size: number): void {
  shapes.set(`${name}.weight`, [to, from, size, size]);
  shapes.set(`${name}.bias`, [to]);
}

function upload(entry: SafetensorsEntry, shape: readonly number[]): tf.Tensor {
  return tf.tidy(() => {
    const stored = tf.tensor(toFloat32(entry), [...shape], "float32");
    return tf.keep(shape.length === 4 ? tf.transpose(stored, [2, 3, 1, 0]) : stored);
  });
}

/**
 * Uploads the parameters; convolutions become [height, width, in, out], tfjs's order. Extra tensors are ignored.
 * @param owner whose they are, for the message @returns name → tensor, owned by the caller and kept out of `tidy`
 * @throws EngineError("modelCorrupt") naming every missing and misshapen tensor
 */
export function uploadParameters(
  shapes: ParameterShapes,
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  owner: string,
): Map<string, tf.Tensor> {
  const faults = describeFaults(shapes, shapesOf(tensors));
  if (faults.length > 0) {
    throw new EngineError(
      "modelCorrupt",
      `The ${owner}'s weights do not fit its config.json: ${faults.join("; ")}. Download or export the model again.`,
      { faults: faults.length },
    );
  }
  return new Map(
    [...shapes].map(([name, shape]) => [name, upload(tensors.get(name) as SafetensorsEntry, shape)]),
  );
}

/** @throws EngineError("modelCorrupt") when there is none of this name */
export function findParameter<T extends tf.Tensor>(parameters: Parameters, name: string): T {
  const parameter = parameters.get(name);
  if (!parameter) throw new EngineError("modelCorrupt", `The model has no parameter ${name}.`);
  return parameter as T;
}

/** Convolution with bias. `pad` "same" at stride 1 is one zero on each side of a 3×3 filter; a number, so many. */
export function convolve(
  parameters: Parameters,
  name: string,
  x: tf.Tensor4D,
  stride = 1,
  pad: "same" | "valid" | number = "same",
): tf.Tensor4D {
  const filter = findParameter<tf.Tensor4D>(parameters, `${name}.weight`);
  const bias = findParameter<tf.Tensor1D>(parameters, `${name}.bias`);
  if (stride === 1 && pad === "same" && filter.shape[0] === 3) return conv3x3(x, filter, bias);
  const rounding = typeof pad === "number" ? "floor" : undefined;
  const convolved = tf.conv2d(x, filter, stride, pad, "NHWC", 1, rounding);
  return tf.add(convolved, bias);
}
