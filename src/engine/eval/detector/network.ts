/**
 * The detector's network: two convolutions of stride 2, residual blocks, one 1×1 convolution. No normalisation.
 * The same as pretrain's `detector.py`.
 */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import type { SafetensorsEntry } from "../../safetensors/safetensors.ts";
import { toFloat32 } from "../../safetensors/toFloat32.ts";
import { type DetectorConfig, outputCount } from "./config.ts";

/** A convolution with bias. */
interface Convolution {
  /** [height, width, in, out] */
  readonly filter: tf.Tensor4D;
  readonly bias: tf.Tensor1D;
}

/** Name → convolution. */
export type DetectorNetwork = ReadonlyMap<string, Convolution>;

/** Filter shape as stored of every convolution, [out, in, height, width]. */
export function listConvolutions(config: DetectorConfig): Map<string, readonly number[]> {
  const { width, blocks } = config;
  const inBlocks = Array.from({ length: blocks }, (_, block) =>
    ["conv1", "conv2"].map((name) => [`blocks.${block}.${name}`, [width, width, 3, 3]] as const),
  );
  return new Map<string, readonly number[]>([
    ["conv_in", [width / 2, 3, 3, 3]],
    ["conv_down", [width, width / 2, 3, 3]],
    ...inBlocks.flat(),
    ["head", [outputCount(config), width, 1, 1]],
  ]);
}

function findFaults(
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  name: string,
  shape: readonly number[],
): string[] {
  const entry = tensors.get(name);
  if (!entry) return [`${name} is missing`];
  if (entry.shape.join() === shape.join()) return [];
  return [`${name} is [${entry.shape.join(", ")}] instead of [${shape.join(", ")}]`];
}

/**
 * Uploads the weights. Extra tensors are ignored.
 * @returns owned by the caller and kept out of `tidy`
 * @throws EngineError("modelCorrupt") naming every missing and misshapen tensor
 */
export function uploadDetector(
  config: DetectorConfig,
  tensors: ReadonlyMap<string, SafetensorsEntry>,
): DetectorNetwork {
  const shapes = [...listConvolutions(config)];
  const faults = shapes.flatMap(([name, shape]) => [
    ...findFaults(tensors, `${name}.weight`, shape),
    ...findFaults(tensors, `${name}.bias`, shape.slice(0, 1)),
  ]);
  if (faults.length > 0) {
    throw new EngineError(
      "modelCorrupt",
      `The judge's weights do not fit its config.json: ${faults.join("; ")}. Download or export the judge again.`,
      { faults: faults.length },
    );
  }
  const upload = (name: string) => {
    const entry = tensors.get(name) as SafetensorsEntry;
    return tf.tensor(toFloat32(entry), [...entry.shape], "float32");
  };
  return new Map(
    shapes.map(([name]) => {
      const filter = tf.tidy(() => tf.keep(tf.transpose(upload(`${name}.weight`), [2, 3, 1, 0])));
      return [name, { filter: filter as tf.Tensor4D, bias: tf.keep(upload(`${name}.bias`)) as tf.Tensor1D }];
    }),
  );
}

export function disposeDetector(network: DetectorNetwork): void {
  for (const { filter, bias } of network.values()) tf.dispose([filter, bias]);
}

/** Zeros on every side, so that stride 2 starts where PyTorch's does; tfjs's "same" would start a pixel later. */
function convolve(network: DetectorNetwork, name: string, x: tf.Tensor4D, stride = 1): tf.Tensor4D {
  const layer = network.get(name);
  if (!layer) throw new EngineError("modelCorrupt", `The judge has no layer ${name}.`, { layer: name });
  const margin = (layer.filter.shape[0] - 1) / 2;
  return tf.add(tf.conv2d(x, layer.filter, stride, margin, "NHWC", 1, "floor"), layer.bias);
}

function runBlock(network: DetectorNetwork, name: string, x: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const inner = tf.relu(convolve(network, `${name}.conv1`, x));
    return tf.relu(tf.add(x, convolve(network, `${name}.conv2`, inner)));
  });
}

/**
 * What every cell says: class logits, box, colour logits.
 * @param bytes [B, S, S, 3], 0 to 255 @returns [B, S/4, S/4, outputs], owned
 */
export function runDetector(
  network: DetectorNetwork,
  config: DetectorConfig,
  bytes: tf.Tensor4D,
): tf.Tensor4D {
  return tf.tidy(() => {
    const pixels = tf.div(tf.sub(tf.cast(bytes, "float32"), config.pixel_mean), config.pixel_scale);
    let x = tf.relu(convolve(network, "conv_in", pixels as tf.Tensor4D, 2));
    x = tf.relu(convolve(network, "conv_down", x, 2));
    for (let block = 0; block < config.blocks; block++) x = runBlock(network, `blocks.${block}`, x);
    return convolve(network, "head", x);
  });
}
