/** The ops that drawing runs beside learning's: forward only. */
import * as tf from "@tensorflow/tfjs-core";
import { conv3x3 } from "../../src/engine/kernels/conv3x3/conv3x3.ts";
import { groupNormSwish } from "../../src/engine/kernels/groupNormSwish/groupNormSwish.ts";
import { maskgitStep } from "../../src/engine/kernels/maskgitStep/maskgitStep.ts";
import { createRng } from "../../src/engine/rng.ts";
import { shaderAndTwin } from "../contenders.ts";
import { productFlops } from "../flops.ts";
import type { Benchmark } from "../measure.ts";
import { randomTensor } from "../random.ts";
import type { ModelSizes } from "../sizes.ts";
import type { Planned } from "../suite.ts";

type Subject = Omit<Benchmark, "name" | "shape">;

function featureMap({ images, side, channels }: ModelSizes): tf.Tensor4D {
  return randomTensor<tf.Rank.R4>("features", images, side, side, channels);
}

function convolution(sizes: ModelSizes): Subject {
  const { images, side, channels } = sizes;
  const x = featureMap(sizes);
  const filter = randomTensor<tf.Rank.R4>("filter", 3, 3, channels, channels);
  const bias = randomTensor<tf.Rank.R1>("bias", channels);
  return {
    contenders: shaderAndTwin(() => [conv3x3(x, filter, bias)]),
    flops: productFlops(images * side * side, 9 * channels, channels),
  };
}

/** Channels of a group in the shipped tokenizers. */
const GROUP_CHANNELS = 4;

function groupNorm(sizes: ModelSizes): Subject {
  const { channels } = sizes;
  const x = featureMap(sizes);
  const part = (name: string) => randomTensor<tf.Rank.R1>(name, channels);
  const norm = {
    weight: part("weight"),
    bias: part("bias"),
    groups: channels / GROUP_CHANNELS,
    epsilon: 1e-6,
  };
  return { contenders: shaderAndTwin(() => [groupNormSwish(x, norm)]) };
}

/** Share of places where two lists differ. */
export function shareOfDifferent(values: ArrayLike<number>, reference: ArrayLike<number>): number {
  if (values.length !== reference.length) return 1;
  const different = Array.from(reference).filter((value, at) => value !== values[at]);
  return different.length / Math.max(1, reference.length);
}

function decodingStep({ images, tokens, codes }: ModelSizes): Subject {
  const shape: [number, number] = [images, tokens];
  const rng = createRng("bench", "noise");
  const logits = randomTensor<tf.Rank.R3>("logits", images, tokens, codes);
  const state = {
    codes: tf.fill(shape, -1, "int32") as tf.Tensor2D,
    faults: tf.zeros<tf.Rank.R1>([images], "int32"),
  };
  const noise = {
    uniforms: tf.tensor2d(rng.uniforms(images * tokens), shape),
    gumbel: tf.tensor2d(rng.gumbel(images * tokens), shape),
  };
  const numbers = { temperature: 1, scheduledHidden: Math.floor(tokens / 2) };
  return {
    contenders: shaderAndTwin(() => {
      const { state: next, sampled } = maskgitStep(logits, state, noise, numbers);
      return [sampled, next.codes, next.faults];
    }),
    // A uniform within rounding of the border between two codes may fall to either side.
    differ: shareOfDifferent,
    tolerance: 0.01,
  };
}

const SUBJECTS: Readonly<Record<string, (sizes: ModelSizes) => Subject>> = {
  "3×3 convolution": convolution,
  "group norm and swish": groupNorm,
  "MaskGIT step": decodingStep,
};

/** All of them at one model's sizes. */
export function planDrawingOps(sizes: ModelSizes): Planned[] {
  const { images, side, channels, tokens, codes } = sizes;
  return Object.entries(SUBJECTS).map(([op, make]) => ({
    name: `${op}, ${sizes.name}`,
    open: async () => ({ shape: { images, side, channels, tokens, codes }, ...make(sizes) }),
  }));
}
