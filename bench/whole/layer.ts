/**
 * One transformer layer of Show-o, int4 with an adapter on every linear: forward, and the gradients of its input and of
 * the adapters. Random weights, since speed does not depend on them.
 */
import * as tf from "@tensorflow/tfjs-core";
import { LowRankAdapter } from "../../src/engine/lora/adapter.ts";
import { runForward } from "../../src/engine/models/showo/forward.ts";
import type { Block, ShowoNetwork } from "../../src/engine/models/showo/weights.ts";
import { Linear } from "../../src/engine/nn/linear.ts";
import { gradientsAlong, shaderAndTwin } from "../contenders.ts";
import { attentionFlops, linearFlops } from "../flops.ts";
import { randomMatrix, randomTensor } from "../random.ts";
import { SHOWO_HEAD_SIZE } from "../sizes.ts";
import type { Planned } from "../suite.ts";

export interface LayerSizes {
  readonly rows: number;
  readonly width: number;
  readonly rank: number;
}

function linear(name: string, inSize: number, outSize: number, rank: number): Linear {
  const layer = Linear.ofMatrix(randomMatrix(name, outSize, inSize, "int4"), tf.zeros<tf.Rank.R1>([outSize]));
  const part = (which: string, rows: number, columns: number) =>
    tf.tidy(() =>
      tf.mul(randomTensor<tf.Rank.R2>(`${name} ${which}`, rows, columns), 1 / Math.sqrt(columns)),
    );
  const [a, b] = [part("a", rank, inSize), part("b", outSize, rank)] as [tf.Tensor2D, tf.Tensor2D];
  layer.setAdapter(new LowRankAdapter(a, b, rank));
  return layer;
}

const plainNorm = (size: number) => ({
  weight: tf.ones<tf.Rank.R1>([size]),
  bias: tf.zeros<tf.Rank.R1>([size]),
  epsilon: 1e-5,
  isTrainable: false,
});

/** Only what the forward pass of the blocks looks at. */
type Blocks = Pick<ShowoNetwork, "blocks" | "finalNorm"> & {
  readonly config: Pick<ShowoNetwork["config"], "headCount" | "rotary">;
  readonly head: Pick<Linear, "isTrainable">;
};

function createBlock({ width, rank }: LayerSizes): Block {
  const mlp = 4 * width;
  return {
    inputNorm: plainNorm(width),
    query: linear("query", width, width, rank),
    key: linear("key", width, width, rank),
    value: linear("value", width, width, rank),
    dense: linear("dense", width, width, rank),
    queryNorm: plainNorm(SHOWO_HEAD_SIZE),
    keyNorm: plainNorm(SHOWO_HEAD_SIZE),
    fc1: linear("fc1", width, mlp, rank),
    fc2: linear("fc2", mlp, width, rank),
  };
}

const linearsOf = ({ query, key, value, dense, fc1, fc2 }: Block): Linear[] => [
  query,
  key,
  value,
  dense,
  fc1,
  fc2,
];

/** What the layer needs whoever computes it: its linears and its attention; norms and activations are not counted. */
export function layerFlops({ rows, width, rank }: LayerSizes): number {
  const square = linearFlops(rows, width, width, rank);
  const mlp = linearFlops(rows, width, 4 * width, rank) + linearFlops(rows, 4 * width, width, rank);
  return 4 * square + mlp + attentionFlops(rows, rows, width, true);
}

/** The layer as a benchmark. @param name of the benchmark @param sizes width in whole heads of 64 */
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
        head: { isTrainable: false },
      };
      const run = (x: tf.Tensor) =>
        runForward(network as ShowoNetwork, {
          embedded: x as tf.Tensor3D,
          startPosition: 0,
          mask: null,
          isEmbeddedTaped: true,
        }).hidden;
      const adapters = linearsOf(block).flatMap(({ adapter }) => (adapter ? [adapter.a, adapter.b] : []));
      const inputs = [randomTensor("x", 1, rows, width), ...adapters];
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
