/**
 * The detector's network: two convolutions of stride 2, residual blocks, one 1×1 convolution. No normalisation.
 * The same as pretrain's `detector.py`.
 */
import * as tf from "@tensorflow/tfjs-core";
import { addConv, convolve, type ParameterShapes, type Parameters } from "../../nn/namedParameters.ts";
import { type DetectorConfig, outputCount } from "./config.ts";

/** What a judge's weights file holds. */
export function detectorShapes(config: DetectorConfig): ParameterShapes {
  const { width, blocks } = config;
  const shapes: ParameterShapes = new Map();
  addConv(shapes, "conv_in", 3, width / 2, 3);
  addConv(shapes, "conv_down", width / 2, width, 3);
  for (let block = 0; block < blocks; block++) {
    for (const name of ["conv1", "conv2"]) addConv(shapes, `blocks.${block}.${name}`, width, width, 3);
  }
  addConv(shapes, "head", width, outputCount(config), 1);
  return shapes;
}

/** One zero on every side, so that stride 2 starts where PyTorch's does; tfjs's "same" would start a pixel later. */
const DOWN = [2, 1] as const;

function runBlock(network: Parameters, name: string, x: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const inner = tf.relu(convolve(network, `${name}.conv1`, x));
    return tf.relu(tf.add(x, convolve(network, `${name}.conv2`, inner)));
  });
}

/**
 * What every cell says: class logits, box, colour logits.
 * @param bytes [B, S, S, 3], 0 to 255 @returns [B, S/4, S/4, outputs], owned
 */
export function runDetector(network: Parameters, config: DetectorConfig, bytes: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const pixels = tf.div(tf.sub(tf.cast(bytes, "float32"), config.pixel_mean), config.pixel_scale);
    let x = tf.relu(convolve(network, "conv_in", pixels as tf.Tensor4D, ...DOWN));
    x = tf.relu(convolve(network, "conv_down", x, ...DOWN));
    for (let block = 0; block < config.blocks; block++) x = runBlock(network, `blocks.${block}`, x);
    return convolve(network, "head", x);
  });
}
