/** Every op that learning runs, forward with gradients, by shader and by twin. */
import * as tf from "@tensorflow/tfjs-core";
import { straightThroughEmbedding } from "../../src/engine/kernels/embedSum/embedSum.ts";
import { geluNew } from "../../src/engine/kernels/geluNew/geluNew.ts";
import { rotateHeads } from "../../src/engine/kernels/headRotary/headRotary.ts";
import { makeRotary } from "../../src/engine/kernels/headRotary/rotary.ts";
import { omniAttention } from "../../src/engine/kernels/omniAttention/omniAttention.ts";
import { layerNorm, type NormWeights, rmsNorm } from "../../src/engine/kernels/rowNorm/rowNorm.ts";
import { siluGate } from "../../src/engine/kernels/siluGate/siluGate.ts";
import { projectedTokenLogProbs } from "../../src/engine/kernels/tokenLogProb/tokenLogProb.ts";
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
    layer.setAdapter(adapter);
    return {
      inputs: [randomTensor("x", rows, width), adapter.a, adapter.b],
      run: (x) => layer.apply(x as tf.Tensor2D),
      flops: linearFlops(rows, width, outSize, rank),
      dispose: () => layer.dispose(),
    };
  };
}

function attention({ images, length, width, heads }: ModelSizes): Subject {
  const part = (name: string) => randomTensor(name, images, length, heads, width / heads);
  return {
    inputs: [part("q"), part("k"), part("v")],
    run: (q, k, v) => omniAttention(q as tf.Tensor4D, k as tf.Tensor4D, v as tf.Tensor4D, null),
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

function headRotary(sizes: ModelSizes): Subject {
  const { length, width, heads } = sizes;
  const headSize = width / heads;
  const positions = Array.from({ length }, (_, at) => at);
  const rotary = makeRotary(positions, { headSize, rotarySize: headSize / 2, base: 10_000 });
  const norm = normWeights(headSize);
  return { inputs: hiddenRows(sizes), run: (x) => rotateHeads(x as tf.Tensor2D, rotary, norm) };
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

function straightThrough({ images, length, width, codes }: ModelSizes): Subject {
  const rows = images * length;
  const table = randomTensor<tf.Rank.R2>("table", codes, width);
  const columns = tf.transpose(table) as tf.Tensor2D;
  const ids = someIds(rows, codes);
  const weights = new Float32Array(rows).fill(1);
  return {
    inputs: [randomTensor("logits", rows, codes)],
    run: (logits) => straightThroughEmbedding(logits as tf.Tensor2D, table, columns, ids, weights, 1),
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
  "head norm and rotation": headRotary,
  gelu_new: (sizes) => ({ inputs: [mlpRows(sizes, "x")], run: geluNew }),
  "SiLU gate": (sizes) => ({ inputs: [mlpRows(sizes, "gate"), mlpRows(sizes, "up")], run: siluGate }),
  "token log-probs": logProbs,
  "straight-through image": straightThrough,
};

/** All of them at one model's sizes. */
export function planTrainingOps(sizes: ModelSizes): Planned[] {
  const { images, length, width, heads, codes, rank } = sizes;
  return Object.entries(SUBJECTS).map(([op, make]) => ({
    name: `${op}, ${sizes.name}`,
    open: async () => {
      const { inputs, run, ...rest } = make(sizes);
      return {
        shape: { rows: images * length, images, width, heads, codes, rank },
        contenders: shaderAndTwin(gradientsAlong(inputs, run)),
        ...rest,
      };
    },
  }));
}
