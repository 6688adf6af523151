/** Every op that learning runs, forward with gradients, by shader and by twin. */
import * as tf from "@tensorflow/tfjs-core";
import { straightThroughEmbedding } from "../../src/engine/kernels/embedSum/embedSum.ts";
import { geluNew } from "../../src/engine/kernels/geluNew/geluNew.ts";
import { splitHeads } from "../../src/engine/kernels/headRotary/headRotary.ts";
import { makeRotary } from "../../src/engine/kernels/headRotary/rotary.ts";
import { omniAttention } from "../../src/engine/kernels/omniAttention/omniAttention.ts";
import { SequenceLayout } from "../../src/engine/kernels/omniAttention/sequences.ts";
import { layerNorm, type NormWeights, rmsNorm } from "../../src/engine/kernels/rowNorm/rowNorm.ts";
import { siluGate } from "../../src/engine/kernels/siluGate/siluGate.ts";
import { projectedTokenLogProbs } from "../../src/engine/kernels/tokenLogProb/tokenLogProb.ts";
import { tokenLoss } from "../../src/engine/kernels/tokenLoss/tokenLoss.ts";
import { LowRankAdapter } from "../../src/engine/lora/adapter.ts";
import { Linear } from "../../src/engine/nn/linear.ts";
import type { QuantFormat } from "../../src/engine/quant/quantFormat.ts";
import { gradientsAlong, shaderAndTwin } from "../contenders.ts";
import { attentionFlops, linearFlops, productFlops } from "../flops.ts";
import { randomMatrix, randomTensor } from "../random.ts";
import type { ModelSizes } from "../sizes.ts";
import type { Planned } from "../suite.ts";

/** An op and what its tape watches. */
interface Subject {
  readonly inputs: readonly tf.Tensor[];
  readonly run: (...inputs: tf.Tensor[]) => tf.Tensor;
  readonly flops?: number;
  /** Frees what is kept beyond the benchmark's own tensors. */
  readonly dispose?: () => void;
}

/** Keeps the level of what it is multiplied with. @returns [in, out] */
function levelled(name: string, inSize: number, outSize: number): tf.Tensor2D {
  return tf.tidy(() => tf.mul(randomTensor<tf.Rank.R2>(name, inSize, outSize), 1 / Math.sqrt(inSize)));
}

function linear(format: "f32" | QuantFormat): (sizes: ModelSizes) => Subject {
  return ({ images, length, width, rank }) => {
    const [rows, outSize] = [images * length, 4 * width];
    const bias = randomTensor<tf.Rank.R1>("bias", outSize);
    const layer =
      format === "f32"
        ? new Linear(levelled("weight", width, outSize), bias)
        : Linear.ofMatrix(randomMatrix("weight", outSize, width, format), bias);
    const adapter = new LowRankAdapter(
      randomTensor<tf.Rank.R2>("a", rank, width),
      randomTensor<tf.Rank.R2>("b", outSize, rank),
      2 * rank,
    );
    layer.slots[0]?.setAdapter(adapter);
    return {
      inputs: [randomTensor("x", rows, width), adapter.a, adapter.b],
      run: (x) => layer.apply(x as tf.Tensor2D),
      flops: linearFlops(rows, width, outSize, rank),
      dispose: () => layer.dispose(),
    };
  };
}

function attention({ images, length, width, heads }: ModelSizes): Subject {
  const rows = images * length;
  const block = { count: images, queries: length, keyStart: 0, keys: length, ranges: null };
  return {
    inputs: ["q", "k", "v"].map((name) => randomTensor(name, rows, width)),
    run: (...inputs) => {
      const [q, k, v] = inputs as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
      // Made for shaders or for twins, whichever run.
      return omniAttention(q, k, v, heads, new SequenceLayout([block], rows));
    },
    flops: images * attentionFlops(length, length, width, true),
  };
}

function normWeights(size: number): NormWeights {
  const part = (name: string) => randomTensor<tf.Rank.R1>(name, size);
  return { weight: part("norm weight"), bias: part("norm bias"), epsilon: 1e-5, isTrainable: false };
}

const hiddenRows = ({ images, length, width }: ModelSizes) => [randomTensor("x", images * length, width)];

function rowNorm(normalise: typeof layerNorm): (sizes: ModelSizes) => Subject {
  return (sizes) => {
    const norm = normWeights(sizes.width);
    return { inputs: hiddenRows(sizes), run: (x) => normalise(x as tf.Tensor2D, norm) };
  };
}

/** With the stock op that puts its three results into one, and its gradient, in both contenders. */
function headsOf({ images, length, width, heads }: ModelSizes): Subject {
  const headSize = width / heads;
  const rows = images * length;
  const positions = Array.from({ length: rows }, (_, row) => row % length);
  const rotary = makeRotary(positions, { headSize, rotarySize: headSize / 2, base: 10_000 });
  const values = randomTensor<tf.Rank.R2>("head norms", 4, headSize);
  const norms = { values, epsilon: 1e-5, isTrainable: false };
  return {
    inputs: [randomTensor("qkv", rows, 3 * width)],
    run: (qkv) => {
      const { q, k, v } = splitHeads(qkv as tf.Tensor2D, rotary, norms);
      return tf.concat([q, k, v]);
    },
  };
}

function mlpRows({ images, length, width }: ModelSizes, name: string): tf.Tensor {
  return randomTensor(name, images * length, 4 * width);
}

const someIds = (count: number, codes: number) =>
  Int32Array.from({ length: count }, (_, at) => (at * 37) % codes);

function logProbs(sizes: ModelSizes): Subject {
  const { images, length, width, codes } = sizes;
  const rows = images * length;
  const head = new Linear(levelled("head", width, codes), randomTensor<tf.Rank.R1>("bias", codes));
  const ids = someIds(rows, codes);
  return {
    inputs: hiddenRows(sizes),
    run: (x) => projectedTokenLogProbs(x as tf.Tensor2D, head.asTokenHead(), ids),
    flops: 2 * productFlops(rows, width, codes),
    dispose: () => head.dispose(),
  };
}

/** Of a policy one update behind the learner, with its pull to the reference. */
function lossOfTokens({ images, tokens }: ModelSizes): Subject {
  const part = (name: string) => randomTensor(name, images, tokens);
  const [old, reference, weights] = [part("old"), part("reference"), tf.ones([images, tokens])];
  const signals = randomTensor<tf.Rank.R1>("advantages", images);
  const clip = { low: 0.2, high: 0.2 };
  return {
    inputs: [part("log-probs")],
    run: (logProbs) =>
      tokenLoss(
        { logProbs, weights, signals, reference, old },
        { objective: "grpo", klWeight: 0.1, clip, share: 1 / images },
      ).loss,
  };
}

function straightThrough({ images, length, width, codes }: ModelSizes): Subject {
  const rows = images * length;
  const table = randomTensor<tf.Rank.R2>("table", codes, width);
  const codeTable = { rows: table, columns: tf.transpose(table) as tf.Tensor2D };
  const ids = someIds(rows, codes);
  const weights = new Float32Array(rows).fill(1);
  return {
    inputs: [randomTensor("logits", rows, codes)],
    run: (logits) => straightThroughEmbedding(logits as tf.Tensor2D, codeTable, ids, weights, 1),
    flops: productFlops(rows, width, codes),
  };
}

const SUBJECTS: Readonly<Record<string, (sizes: ModelSizes) => Subject>> = {
  "linear f32": linear("f32"),
  "linear int8": linear("int8"),
  "linear int4": linear("int4"),
  attention,
  "layer norm": rowNorm(layerNorm),
  "RMS norm": rowNorm(rmsNorm),
  "heads split, normed and rotated": headsOf,
  gelu_new: (sizes) => ({ inputs: [mlpRows(sizes, "x")], run: geluNew }),
  "SiLU gate": (sizes) => ({ inputs: [mlpRows(sizes, "gate"), mlpRows(sizes, "up")], run: siluGate }),
  "token log-probs": logProbs,
  "token loss": lossOfTokens,
  "straight-through image": straightThrough,
};

/** All of them at one model's sizes. */
export function planTrainingOps(sizes: ModelSizes): Planned[] {
  const { images, length, width, heads, codes, tokens, rank } = sizes;
  return Object.entries(SUBJECTS).map(([op, make]) => ({
    name: `${op}, ${sizes.name}`,
    open: async () => {
      const { inputs, run, ...rest } = make(sizes);
      return {
        shape: { rows: images * length, images, width, heads, codes, tokens, rank },
        contenders: shaderAndTwin(gradientsAlong(inputs, run)),
        ...rest,
      };
    },
  }));
}
