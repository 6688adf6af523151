import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import { LowRankAdapter } from "../../lora/adapter.ts";
import { Linear } from "../../nn/linear.ts";
import { type QuantFormat, quantiseMatrix } from "../../quant/quantise.ts";
import { createRng } from "../../rng.ts";
import { expectTwinAgrees, randomTensor } from "../oracle.ts";

const hasDawn = (await openDawn()) !== null;

interface Case {
  readonly format: "f32" | QuantFormat;
  readonly rows: number;
  readonly inSize: number;
  readonly outSize: number;
  /** 0: no adapter. */
  readonly rank: number;
}

const f32 = (rows: number, inSize: number, outSize: number, rank: number): Case => ({
  format: "f32",
  rows,
  inSize,
  outSize,
  rank,
});

const packed = (format: QuantFormat, rows: number, inSize: number, outSize: number, rank: number): Case => ({
  format,
  rows,
  inSize,
  outSize,
  rank,
});

const CASES: readonly Case[] = [
  f32(1, 1, 1, 0),
  f32(3, 33, 5, 1),
  f32(17, 64, 100, 0),
  f32(65, 96, 48, 8),
  f32(129, 130, 5, 4),
  packed("int8Rows", 1, 64, 100, 8),
  packed("int8Rows", 17, 33, 5, 0),
  packed("int8", 3, 130, 48, 4),
  packed("int8", 63, 96, 100, 8),
  packed("int4", 1, 33, 1, 1),
  packed("int4", 4, 256, 48, 8),
  packed("int4", 65, 96, 48, 8),
  packed("int4", 129, 36, 5, 0),
  packed("int4Wide", 17, 130, 100, 16),
  packed("int4Wide", 387, 64, 48, 0),
];

function makeLayer({ format, inSize, outSize, rank }: Case): Linear {
  const bias = randomTensor<tf.Rank.R1>("bias", [outSize]);
  const values = createRng("quantMatMul", inSize, outSize).normal(inSize * outSize);
  const layer =
    format === "f32"
      ? Linear.of(tf.tensor2d(values, [inSize, outSize]), bias)
      : Linear.ofMatrix(quantiseMatrix(values, { outSize, inSize }, format), bias);
  if (rank > 0) {
    const [a, b] = [
      randomTensor<tf.Rank.R2>("a", [rank, inSize]),
      randomTensor<tf.Rank.R2>("b", [outSize, rank]),
    ];
    layer.setAdapter(new LowRankAdapter(a, b, 2 * rank));
    tf.dispose([a, b]);
  }
  return layer;
}

describe.skipIf(!hasDawn)("the linear layer on WebGPU", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  });
  afterAll(closeBackend);

  it.each(CASES)("agrees with its twin: $format, $rows × $inSize to $outSize, rank $rank", async (sizes) => {
    const layer = makeLayer(sizes);
    // Made before the count of tensors begins.
    layer.transposedWeight();
    const compute = () => {
      const x = randomTensor<tf.Rank.R2>("x", [sizes.rows, sizes.inSize]);
      const direction = randomTensor("direction", [sizes.rows, sizes.outSize]);
      const loss = (rows: tf.Tensor) =>
        tf.sum(tf.mul(layer.apply(rows as tf.Tensor2D), direction)) as tf.Scalar;
      const outputs: tf.Tensor[] = [
        layer.apply(x),
        tf.grad(loss)(x),
        layer.applyTransposed(direction as tf.Tensor2D),
      ];
      const { adapter } = layer;
      if (!adapter) return outputs;
      const { value, grads } = tf.variableGrads(() => loss(x), [adapter.a, adapter.b]);
      value.dispose();
      return [...outputs, grads[adapter.a.name] as tf.Tensor, grads[adapter.b.name] as tf.Tensor];
    };
    await expectTwinAgrees(compute);
    layer.dispose();
  });

  it("computes no gradient that nobody asked for", async () => {
    const layer = makeLayer(f32(3, 8, 4, 2));
    layer.transposedWeight();
    const { adapter } = layer;
    await expectTwinAgrees(() => {
      const x = randomTensor<tf.Rank.R2>("x", [3, 8]);
      if (!adapter) return [];
      const loss = () => tf.sum(tf.square(layer.apply(x, true))) as tf.Scalar;
      const { value, grads } = tf.variableGrads(loss, [adapter.a, adapter.b]);
      value.dispose();
      adapter.isFrozen = true;
      const through = tf.grad((rows) => tf.sum(tf.square(layer.apply(rows as tf.Tensor2D))))(x);
      adapter.isFrozen = false;
      return [grads[adapter.a.name] as tf.Tensor, grads[adapter.b.name] as tf.Tensor, through];
    });
    layer.dispose();
  });
});
