/**
 * The layers of MAGVIT-v2 as pure functions of a tensor and named parameters. Images are [B, H, W, C]; no tensor
 * exceeds rank 4. Forward only: the tokenizer is frozen while the model learns.
 *
 * Source: spec/showo.md section 6.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type GroupNorm, groupNorm, groupNormSwish } from "../../kernels/groupNormSwish/groupNormSwish.ts";
import { convolve, findParameter, type Parameters } from "../../nn/namedParameters.ts";
import { type CoderConfig, countGroups } from "./parameters.ts";

const NORM_EPSILON = 1e-6;

/** What all layers of an encoder or a decoder share. */
interface Half {
  readonly parameters: Parameters;
  readonly groupSize: number | undefined;
}

function normOf(half: Half, name: string, channels: number): GroupNorm {
  return {
    weight: findParameter(half.parameters, `${name}.weight`) as tf.Tensor1D,
    bias: findParameter(half.parameters, `${name}.bias`) as tf.Tensor1D,
    groups: countGroups(channels, half.groupSize),
    epsilon: NORM_EPSILON,
  };
}

function normaliseSwish(half: Half, name: string, x: tf.Tensor4D): tf.Tensor4D {
  return groupNormSwish(x, normOf(half, name, x.shape[3]));
}

function resBlock(half: Half, name: string, x: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const first = convolve(half.parameters, `${name}.conv1`, normaliseSwish(half, `${name}.norm1`, x));
    const second = convolve(half.parameters, `${name}.conv2`, normaliseSwish(half, `${name}.norm2`, first));
    const isWidened = half.parameters.has(`${name}.nin_shortcut.weight`);
    const shortcut = isWidened ? convolve(half.parameters, `${name}.nin_shortcut`, x) : x;
    return tf.add(shortcut, second);
  });
}

/** Single-head self-attention over the positions. */
function attend(half: Half, name: string, x: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const [batch, height, width, channels] = x.shape;
    const normal = groupNorm(x, normOf(half, `${name}.norm`, channels));
    const project = (part: string): tf.Tensor3D =>
      tf.reshape(convolve(half.parameters, `${name}.${part}`, normal), [batch, height * width, channels]);
    const scores = tf.matMul(project("q"), project("k"), false, true);
    const weights = tf.softmax(tf.mul(scores, channels ** -0.5));
    const mixed = tf.reshape(tf.matMul(weights, project("v")), [batch, height, width, channels]);
    return tf.add(x, convolve(half.parameters, `${name}.proj_out`, mixed as tf.Tensor4D));
  });
}

function middle(half: Half, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const first = resBlock(half, `${name}.block_1`, x);
  return resBlock(half, `${name}.block_2`, attend(half, `${name}.attn_1`, first));
}

/** Halves the sides; zeros are added on the right and the bottom only. */
function downsample(half: Half, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const padded = tf.pad(x, [
    [0, 0],
    [0, 1],
    [0, 1],
    [0, 0],
  ]);
  return convolve(half.parameters, `${name}.conv`, padded, 2, "valid");
}

function upsample(half: Half, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const [, height, width] = x.shape;
  return convolve(
    half.parameters,
    `${name}.conv`,
    tf.image.resizeNearestNeighbor(x, [2 * height, 2 * width]),
  );
}

/** Releases what a level leaves behind at once: at full resolution one activation is the largest tensor alive. */
function runLevel(
  half: Half,
  name: string,
  x: tf.Tensor4D,
  blocks: number,
  resample: ((half: Half, x: tf.Tensor4D) => tf.Tensor4D) | null,
): tf.Tensor4D {
  return tf.tidy(() => {
    let h = x;
    for (let block = 0; block < blocks; block++) h = resBlock(half, `${name}.block.${block}`, h);
    return resample ? resample(half, h) : tf.clone(h);
  });
}

/**
 * Pixels to the numbers whose signs are the code bits.
 * @param pixels [B, H, W, 3], −1 to 1 @returns [B, H/f, W/f, bits], owned
 */
export function runEncoder(parameters: Parameters, config: CoderConfig, pixels: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const half: Half = { parameters, groupSize: config.norm_group_size };
    const last = config.ch_mult.length - 1;
    let h = convolve(half.parameters, "encoder.conv_in", pixels);
    config.num_res_blocks.forEach((blocks, level) => {
      const name = `encoder.down.${level}`;
      const resample =
        level < last ? (part: Half, x: tf.Tensor4D) => downsample(part, `${name}.downsample`, x) : null;
      h = runLevel(half, name, h, blocks, resample);
    });
    h = middle(half, "encoder.mid", h);
    h = convolve(half.parameters, "encoder.conv_out", normaliseSwish(half, "encoder.norm_out", h));
    return convolve(half.parameters, "encoder.quant_conv", h);
  });
}

/**
 * Code bits to pixels.
 * @param signs [B, H/f, W/f, bits] of −1 and 1 @returns [B, H, W, 3], unbounded around −1 to 1, owned
 */
export function runDecoder(parameters: Parameters, config: CoderConfig, signs: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const half: Half = { parameters, groupSize: config.norm_group_size };
    let h = convolve(
      half.parameters,
      "decoder.conv_in",
      convolve(half.parameters, "decoder.post_quant_conv", signs),
    );
    h = middle(half, "decoder.mid", h);
    for (let level = config.ch_mult.length - 1; level >= 0; level--) {
      const name = `decoder.up.${level}`;
      const resample =
        level > 0 ? (part: Half, x: tf.Tensor4D) => upsample(part, `${name}.upsample`, x) : null;
      h = runLevel(half, name, h, config.num_res_blocks[level] ?? 0, resample);
    }
    return convolve(half.parameters, "decoder.conv_out", normaliseSwish(half, "decoder.norm_out", h));
  });
}
