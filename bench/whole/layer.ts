/**
 * One transformer layer of Show-o as a model in int4 has it, its attention in int8, with an adapter on every linear:
 * forward, and the gradients of its input and of the adapters. Random weights, since speed does not depend on them.
 */
import * as tf from "@tensorflow/tfjs-core";
import { SequenceLayout } from "../../src/engine/kernels/omniAttention/sequences.ts";
import { LowRankAdapter } from "../../src/engine/lora/adapter.ts";
import { countPositions, runForward } from "../../src/engine/models/showo/forward.ts";
import type { Block, ShowoNetwork } from "../../src/engine/models/showo/weights.ts";
import { Linear } from "../../src/engine/nn/linear.ts";
import type { QuantFormat } from "../../src/engine/quant/quantFormat.ts";
import { gradientsAlong, shaderAndTwin } from "../contenders.ts";
import { attentionFlops, linearFlops } from "../flops.ts";
import { randomMatrix, randomTensor } from "../random.ts";
import { type LayerSizes, SHOWO_HEAD_SIZE } from "../sizes.ts";
import type { Planned } from "../suite.ts";

interface LinearSizes {
  readonly inSize: number;
  readonly outSize: number;
  readonly rank: number;
}

/** A linear layer, or several of one input as one. */
function linear(
  names: readonly string[],
  format: QuantFormat,
  { inSize, outSize, rank }: LinearSizes,
): Linear {
  const layers = names.map((name) =>
    Linear.ofMatrix(randomMatrix(name, outSize, inSize, format), tf.zeros<tf.Rank.R1>([outSize])),
  );
  const [only, ...others] = layers;
  const layer = only && others.length === 0 ? only : Linear.join(layers);
  const part = (name: string, rows: number, columns: number) =>
    tf.tidy(() => tf.mul(randomTensor<tf.Rank.R2>(name, rows, columns), 1 / Math.sqrt(columns)));
  for (const [at, name] of names.entries()) {
    const [a, b] = [part(`${name} a`, rank, inSize), part(`${name} b`, outSize, rank)];
    layer.slots[at]?.setAdapter(new LowRankAdapter(a as tf.Tensor2D, b as tf.Tensor2D, rank));
  }
  return layer;
}

const plainNorm = (size: number) => ({
  weight: tf.ones<tf.Rank.R1>([size]),
  bias: tf.zeros<tf.Rank.R1>([size]),
  epsilon: 1e-5,
  isTrainable: false,
});

const plainHeadNorms = () => {
  const values = tf.concat([tf.ones([2, SHOWO_HEAD_SIZE]), tf.zeros([2, SHOWO_HEAD_SIZE])]) as tf.Tensor2D;
  return { values, epsilon: 1e-5, isTrainable: false };
};

/** Only what the forward pass of the blocks looks at. */
type Blocks = Pick<ShowoNetwork, "blocks" | "finalNorm" | "isTrainable"> & {
  readonly config: Pick<ShowoNetwork["config"], "headCount" | "rotary">;
};

function createBlock({ width, rank }: LayerSizes): Block {
  const [square, mlp] = [{ inSize: width, outSize: width, rank }, 4 * width];
  const headNorms = plainHeadNorms();
  return {
    inputNorm: plainNorm(width),
    qkv: linear(["query", "key", "value"], "int8", square),
    headNorms: () => headNorms,
    dense: linear(["dense"], "int8", square),
    fc1: linear(["fc1"], "int4", { inSize: width, outSize: mlp, rank }),
    fc2: linear(["fc2"], "int4", { inSize: mlp, outSize: width, rank }),
  };
}

const linearsOf = ({ qkv, dense, fc1, fc2 }: Block): Linear[] => [qkv, dense, fc1, fc2];

/** What the layer needs whoever computes it: its linears and its attention; norms and activations are not counted. */
export function layerFlops({ rows, width, rank }: LayerSizes): number {
  const square = linearFlops(rows, width, width, rank);
  const mlp = linearFlops(rows, width, 4 * width, rank) + linearFlops(rows, 4 * width, width, rank);
  return 4 * square + mlp + attentionFlops(rows, rows, width, true);
}

/** The layer as a benchmark. @param name of the benchmark */
export function planLayer(name: string, sizes: LayerSizes): Planned {
  const { rows, width } = sizes;
  return {
    name,
    open: async () => {
      const block = createBlock(sizes);
      const rotary = { headSize: SHOWO_HEAD_SIZE, rotarySize: SHOWO_HEAD_SIZE / 2, base: 10_000 };
      const network: Blocks = {
        config: { headCount: width / SHOWO_HEAD_SIZE, rotary },
        blocks: [block],
        finalNorm: plainNorm(width),
        isTrainable: false,
      };
      const sequence = { count: 1, queries: rows, keyStart: 0, keys: rows, ranges: null };
      const run = (x: tf.Tensor) =>
        runForward(network as ShowoNetwork, {
          embedded: x as tf.Tensor2D,
          positions: countPositions(0, rows, 1),
          layout: new SequenceLayout([sequence], rows),
          isEmbeddedTaped: true,
        }).hidden;
      const slots = linearsOf(block).flatMap((layer) => layer.slots);
      const adapters = slots.flatMap(({ adapter }) => (adapter ? [adapter.a, adapter.b] : []));
      const inputs = [randomTensor("x", rows, width), ...adapters];
      return {
        shape: { ...sizes, heads: width / SHOWO_HEAD_SIZE },
        contenders: shaderAndTwin(gradientsAlong(inputs, run)),
        flops: layerFlops(sizes),
        dispose: () => {
          for (const layer of linearsOf(block)) layer.dispose();
        },
      };
    },
  };
}
