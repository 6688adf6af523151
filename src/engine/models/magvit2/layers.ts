/**
 * The layers of MAGVIT-v2 as pure functions of a tensor and named parameters. Images are [B, H, W, C]; no tensor
 * exceeds rank 4. Forward only: the tokenizer is frozen while the model learns.
 *
 * Source: spec/showo.md section 6.
 */
import * as tf from "@tensorflow/tfjs-core";
import { convolve, findParameter, type Parameters } from "../../nn/namedParameters.ts";
import { type CoderConfig, NORM_GROUPS } from "./parameters.ts";

const NORM_EPSILON = 1e-6;

/** Mean over positions and over the channels of a group. @param x [B, P, C] @returns [B, G, 1] */
function groupMean(x: tf.Tensor3D, groups: number): tf.Tensor3D {
  const [batch, , channels] = x.shape;
  return tf.mean(tf.reshape(tf.mean(x, 1), [batch, groups, channels / groups]), 2, true);
}

/** [B, G, 1] → [B, 1, C]: the value of its group for each channel. */
function spreadToChannels(values: tf.Tensor3D, channels: number): tf.Tensor3D {
  const [batch, groups] = values.shape;
  return tf.reshape(tf.tile(values, [1, 1, channels / groups]), [batch, 1, channels]);
}

/** Group norm. The variance is taken of centred values: one pass over squares would lose digits in f32. */
function normalise(parameters: Parameters, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const flat = tf.reshape(x, [batch, height * width, channels]) as tf.Tensor3D;
  const centred = tf.sub(flat, spreadToChannels(groupMean(flat, NORM_GROUPS), channels)) as tf.Tensor3D;
  const variance = groupMean(tf.square(centred), NORM_GROUPS);
  const inverse = spreadToChannels(tf.rsqrt(tf.add(variance, NORM_EPSILON)), channels);
  const scaled = tf.mul(centred, tf.mul(inverse, findParameter(parameters, `${name}.weight`)));
  return tf.reshape(tf.add(scaled, findParameter(parameters, `${name}.bias`)), [
    batch,
    height,
    width,
    channels,
  ]);
}

function normaliseSwish(parameters: Parameters, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const normal = normalise(parameters, name, x);
  return tf.mul(normal, tf.sigmoid(normal));
}

function resBlock(parameters: Parameters, name: string, x: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const first = convolve(parameters, `${name}.conv1`, normaliseSwish(parameters, `${name}.norm1`, x));
    const second = convolve(parameters, `${name}.conv2`, normaliseSwish(parameters, `${name}.norm2`, first));
    const isWidened = parameters.has(`${name}.nin_shortcut.weight`);
    const shortcut = isWidened ? convolve(parameters, `${name}.nin_shortcut`, x) : x;
    return tf.add(shortcut, second);
  });
}

/** Single-head self-attention over the positions. */
function attend(parameters: Parameters, name: string, x: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const [batch, height, width, channels] = x.shape;
    const normal = normalise(parameters, `${name}.norm`, x);
    const project = (part: string): tf.Tensor3D =>
      tf.reshape(convolve(parameters, `${name}.${part}`, normal), [batch, height * width, channels]);
    const scores = tf.matMul(project("q"), project("k"), false, true);
    const weights = tf.softmax(tf.mul(scores, channels ** -0.5));
    const mixed = tf.reshape(tf.matMul(weights, project("v")), [batch, height, width, channels]);
    return tf.add(x, convolve(parameters, `${name}.proj_out`, mixed as tf.Tensor4D));
  });
}

function middle(parameters: Parameters, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const first = resBlock(parameters, `${name}.block_1`, x);
  return resBlock(parameters, `${name}.block_2`, attend(parameters, `${name}.attn_1`, first));
}

/** Halves the sides; zeros are added on the right and the bottom only. */
function downsample(parameters: Parameters, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const padded = tf.pad(x, [
    [0, 0],
    [0, 1],
    [0, 1],
    [0, 0],
  ]);
  return convolve(parameters, `${name}.conv`, padded, 2, "valid");
}

function upsample(parameters: Parameters, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const [, height, width] = x.shape;
  return convolve(parameters, `${name}.conv`, tf.image.resizeNearestNeighbor(x, [2 * height, 2 * width]));
}

/** Releases what a level leaves behind at once: at full resolution one activation is the largest tensor alive. */
function runLevel(
  parameters: Parameters,
  name: string,
  x: tf.Tensor4D,
  blocks: number,
  resample: ((parameters: Parameters, x: tf.Tensor4D) => tf.Tensor4D) | null,
): tf.Tensor4D {
  return tf.tidy(() => {
    let h = x;
    for (let block = 0; block < blocks; block++) h = resBlock(parameters, `${name}.block.${block}`, h);
    return resample ? resample(parameters, h) : tf.clone(h);
  });
}

/**
 * Pixels to the numbers whose signs are the code bits.
 * @param pixels [B, H, W, 3], −1 to 1 @returns [B, H/f, W/f, bits], owned
 */
export function runEncoder(parameters: Parameters, config: CoderConfig, pixels: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const last = config.ch_mult.length - 1;
    let h = convolve(parameters, "encoder.conv_in", pixels);
    config.num_res_blocks.forEach((blocks, level) => {
      const name = `encoder.down.${level}`;
      const resample =
        level < last ? (p: Parameters, x: tf.Tensor4D) => downsample(p, `${name}.downsample`, x) : null;
      h = runLevel(parameters, name, h, blocks, resample);
    });
    h = middle(parameters, "encoder.mid", h);
    h = convolve(parameters, "encoder.conv_out", normaliseSwish(parameters, "encoder.norm_out", h));
    return convolve(parameters, "encoder.quant_conv", h);
  });
}

/**
 * Code bits to pixels.
 * @param signs [B, H/f, W/f, bits] of −1 and 1 @returns [B, H, W, 3], unbounded around −1 to 1, owned
 */
export function runDecoder(parameters: Parameters, config: CoderConfig, signs: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    let h = convolve(parameters, "decoder.conv_in", convolve(parameters, "decoder.post_quant_conv", signs));
    h = middle(parameters, "decoder.mid", h);
    for (let level = config.ch_mult.length - 1; level >= 0; level--) {
      const name = `decoder.up.${level}`;
      const resample =
        level > 0 ? (p: Parameters, x: tf.Tensor4D) => upsample(p, `${name}.upsample`, x) : null;
      h = runLevel(parameters, name, h, config.num_res_blocks[level] ?? 0, resample);
    }
    return convolve(parameters, "decoder.conv_out", normaliseSwish(parameters, "decoder.norm_out", h));
  });
}
