/**
 * MAGVIT-v2: the image tokenizer with look-up-free quantisation. Each position of the encoder's output has
 * `z_channels` numbers; their signs are the bits of the code, channel 0 the most significant.
 *
 * Source: spec/showo.md section 6; Yu et al., "Language model beats diffusion" (LFQ).
 */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { countParameters } from "../../nn/countParameters.ts";
import type { SafetensorsEntry } from "../../safetensors/safetensors.ts";
import { runDecoder, runEncoder } from "./layers.ts";
import { type Magvit2Config, uploadMagvit2Parameters } from "./parameters.ts";

export type { CoderConfig, Magvit2Config } from "./parameters.ts";

/** A loaded tokenizer; owns its parameters. The functions are synchronous and return owned tensors. */
export interface Magvit2 {
  /** 2^bits. */
  readonly codebookSize: number;
  /** Pixels per side and code. */
  readonly downsampling: number;
  readonly parameterCount: number;
  /**
   * @param pixels [B, H, W, 3], −1 to 1, borrowed; H and W multiples of `downsampling`
   * @returns [B, N] int32, row-major
   * @throws EngineError("badInput") on other shapes
   */
  encode(pixels: tf.Tensor4D): tf.Tensor2D;
  /** The numbers before quantisation. @returns [B, H/f, W/f, bits] @throws EngineError("badInput") */
  encodeZ(pixels: tf.Tensor4D): tf.Tensor4D;
  /**
   * @param codes [B, N] int32 of a square grid, borrowed
   * @returns [B, H, W, 3], unbounded around −1 to 1
   * @throws EngineError("badInput") when N is no square
   */
  decode(codes: tf.Tensor2D): tf.Tensor4D;
  dispose(): void;
}

/** Weights of the bits [bits], most significant first. */
function bitWeights(bits: number): number[] {
  return Array.from({ length: bits }, (_, bit) => 2 ** (bits - 1 - bit));
}

/**
 * Bits to codes: 1 where z > 0, so that z = 0 counts as 0.
 * @param z [B, h, w, bits], borrowed @returns [B, h·w] int32
 */
export function quantise(z: tf.Tensor4D): tf.Tensor2D {
  return tf.tidy(() => {
    const [batch, height, width, bits] = z.shape;
    const isSet = tf.cast(tf.greater(z, 0), "float32");
    const codes = tf.sum(tf.mul(isSet, tf.tensor1d(bitWeights(bits))), 3);
    return tf.cast(tf.reshape(codes, [batch, height * width]), "int32") as tf.Tensor2D;
  });
}

/** The ±1 vectors of all codes [2^bits, bits]. */
export function makeSignTable(bits: number): tf.Tensor2D {
  const weights = bitWeights(bits);
  const signs = new Float32Array(2 ** bits * bits);
  for (let code = 0; code < 2 ** bits; code++) {
    weights.forEach((weight, bit) => {
      signs[code * bits + bit] = (code & weight) !== 0 ? 1 : -1;
    });
  }
  return tf.tensor2d(signs, [2 ** bits, bits]);
}

function checkPixels(pixels: tf.Tensor4D, downsampling: number): void {
  const [, height, width, channels] = pixels.shape;
  if (channels === 3 && height % downsampling === 0 && width % downsampling === 0) return;
  throw new EngineError(
    "badInput",
    `The image tokenizer takes RGB images with sides that are multiples of ${downsampling}, not [${pixels.shape.join(", ")}].`,
    { height, width, channels, downsampling },
  );
}

function gridSide(codes: tf.Tensor2D): number {
  const count = codes.shape[1];
  const side = Math.round(Math.sqrt(count));
  if (side * side === count && count > 0) return side;
  throw new EngineError("badInput", `${count} image codes do not make a square image.`, { count });
}

/**
 * Uploads a tokenizer of any size.
 * @param tensors of `vq.safetensors`, original names and order
 * @throws EngineError("modelCorrupt") naming every missing and misshapen tensor
 */
export function loadMagvit2(config: Magvit2Config, tensors: ReadonlyMap<string, SafetensorsEntry>): Magvit2 {
  const parameters = uploadMagvit2Parameters(config, tensors);
  const bits = config.encoder.z_channels;
  const signTable = tf.keep(makeSignTable(bits));
  const downsampling = 2 ** (config.encoder.ch_mult.length - 1);
  const encodeZ = (pixels: tf.Tensor4D): tf.Tensor4D => {
    checkPixels(pixels, downsampling);
    return runEncoder(parameters, config.encoder, pixels);
  };
  return {
    codebookSize: 2 ** bits,
    downsampling,
    parameterCount: countParameters(parameters),
    encodeZ,
    encode: (pixels) => tf.tidy(() => quantise(encodeZ(pixels))),
    decode: (codes) =>
      tf.tidy(() => {
        const side = gridSide(codes);
        const signs = tf.gather(signTable, tf.reshape(codes, [-1]) as tf.Tensor1D);
        return runDecoder(parameters, config.decoder, tf.reshape(signs, [-1, side, side, bits]));
      }),
    dispose: () => {
      tf.dispose([...parameters.values()]);
      signTable.dispose();
    },
  };
}
