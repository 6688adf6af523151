/**
 * Which tensors a MAGVIT-v2 tokenizer of a given configuration has, under their original names, and their upload
 * to the backend. The layers that use them live in `layers.ts`.
 *
 * Source: spec/showo.md section 6 (showlab/Show-o 45a5a2de, `modeling_magvitv2`).
 */
import type * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { addConv, type ParameterShapes, uploadParameters } from "../../nn/namedParameters.ts";
import type { SafetensorsEntry } from "../../safetensors/safetensors.ts";

/** One half of the tokenizer, in the words of `config.json`. Level i has ch·ch_mult[i] channels. */
export interface CoderConfig {
  readonly ch: number;
  readonly ch_mult: readonly number[];
  /** Residual blocks per level. */
  readonly num_res_blocks: readonly number[];
  /** Pixels per side the model was trained at; the convolutions work at any multiple of the down-sampling. */
  readonly resolution: number;
  /** Bits of a code. */
  readonly z_channels: number;
  /**
   * Channels of a normalisation group. Absent, there are always 32 groups, as in Show-o; with 32 channels every channel
   * then loses its mean, and the picture how bright it is, which groups of four channels keep.
   */
  readonly norm_group_size?: number | undefined;
}

/** `magvitv2` of a model folder's `config.json`. */
export interface Magvit2Config {
  readonly encoder: CoderConfig;
  readonly decoder: CoderConfig;
}

/** Groups of every group norm of the published tokenizers. */
const NORM_GROUPS = 32;

/** Groups that a norm over so many channels has. */
export function countGroups(channels: number, groupSize: number | undefined): number {
  return groupSize === undefined ? NORM_GROUPS : channels / groupSize;
}

const RGB_CHANNELS = 3;

function addNorm(shapes: ParameterShapes, name: string, channels: number): void {
  shapes.set(`${name}.weight`, [channels]);
  shapes.set(`${name}.bias`, [channels]);
}

function addResBlock(shapes: ParameterShapes, name: string, from: number, to: number): void {
  addNorm(shapes, `${name}.norm1`, from);
  addConv(shapes, `${name}.conv1`, from, to, 3);
  addNorm(shapes, `${name}.norm2`, to);
  addConv(shapes, `${name}.conv2`, to, to, 3);
  if (from !== to) addConv(shapes, `${name}.nin_shortcut`, from, to, 1);
}

function addMiddle(shapes: ParameterShapes, name: string, channels: number): void {
  addResBlock(shapes, `${name}.block_1`, channels, channels);
  addNorm(shapes, `${name}.attn_1.norm`, channels);
  for (const part of ["q", "k", "v", "proj_out"]) {
    addConv(shapes, `${name}.attn_1.${part}`, channels, channels, 1);
  }
  addResBlock(shapes, `${name}.block_2`, channels, channels);
}

function addLevel(shapes: ParameterShapes, name: string, from: number, to: number, blocks: number): number {
  for (let block = 0; block < blocks; block++) {
    addResBlock(shapes, `${name}.block.${block}`, block === 0 ? from : to, to);
  }
  return blocks > 0 ? to : from;
}

function addEncoder(shapes: ParameterShapes, config: CoderConfig): void {
  let channels = config.ch;
  addConv(shapes, "encoder.conv_in", RGB_CHANNELS, channels, 3);
  config.ch_mult.forEach((mult, level) => {
    const name = `encoder.down.${level}`;
    channels = addLevel(shapes, name, channels, config.ch * mult, config.num_res_blocks[level] ?? 0);
    if (level < config.ch_mult.length - 1) addConv(shapes, `${name}.downsample.conv`, channels, channels, 3);
  });
  addMiddle(shapes, "encoder.mid", channels);
  addNorm(shapes, "encoder.norm_out", channels);
  addConv(shapes, "encoder.conv_out", channels, config.z_channels, 3);
  addConv(shapes, "encoder.quant_conv", config.z_channels, config.z_channels, 1);
}

function addDecoder(shapes: ParameterShapes, config: CoderConfig): void {
  let channels = config.ch * (config.ch_mult.at(-1) ?? 1);
  addConv(shapes, "decoder.post_quant_conv", config.z_channels, config.z_channels, 1);
  addConv(shapes, "decoder.conv_in", config.z_channels, channels, 3);
  addMiddle(shapes, "decoder.mid", channels);
  for (let level = config.ch_mult.length - 1; level >= 0; level--) {
    const name = `decoder.up.${level}`;
    const to = config.ch * (config.ch_mult[level] ?? 1);
    channels = addLevel(shapes, name, channels, to, config.num_res_blocks[level] ?? 0);
    if (level > 0) addConv(shapes, `${name}.upsample.conv`, channels, channels, 3);
  }
  addNorm(shapes, "decoder.norm_out", channels);
  addConv(shapes, "decoder.conv_out", channels, RGB_CHANNELS, 3);
}

function describeConfigFault(half: "encoder" | "decoder", config: CoderConfig): string | null {
  if (config.ch_mult.length === 0) return `magvitv2.${half}.ch_mult is empty`;
  if (config.num_res_blocks.length !== config.ch_mult.length) {
    return `magvitv2.${half}.num_res_blocks and ch_mult differ in length`;
  }
  const channels = [config.ch, ...config.ch_mult.map((mult) => config.ch * mult)];
  const divisor = config.norm_group_size ?? NORM_GROUPS;
  if (channels.some((count) => count % divisor !== 0)) {
    return `magvitv2.${half} has channel counts that its normalisation groups do not divide`;
  }
  return null;
}

/**
 * Names and stored shapes of every parameter.
 * @throws EngineError("modelCorrupt") when the configuration contradicts itself
 */
export function listMagvit2Parameters(config: Magvit2Config): ParameterShapes {
  const fault =
    describeConfigFault("encoder", config.encoder) ??
    describeConfigFault("decoder", config.decoder) ??
    (config.encoder.z_channels === config.decoder.z_channels
      ? null
      : "magvitv2.encoder and decoder differ in z_channels");
  if (fault) {
    throw new EngineError("modelCorrupt", `The image tokenizer's config.json is wrong: ${fault}.`);
  }
  const shapes: ParameterShapes = new Map();
  addEncoder(shapes, config.encoder);
  addDecoder(shapes, config.decoder);
  return shapes;
}

/**
 * @returns name → tensor, owned by the caller and kept out of `tidy`
 * @throws EngineError("modelCorrupt") naming every missing and misshapen tensor
 */
export function uploadMagvit2Parameters(
  config: Magvit2Config,
  tensors: ReadonlyMap<string, SafetensorsEntry>,
): Map<string, tf.Tensor> {
  return uploadParameters(listMagvit2Parameters(config), tensors, "image tokenizer");
}
