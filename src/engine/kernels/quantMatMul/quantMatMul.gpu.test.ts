import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { QUANT_FORMATS, type QuantFormat } from "../../quant/quantFormat.ts";
import { quantiseMatrix } from "../../quant/quantiseMatrix.ts";
import { createRng } from "../../rng.ts";
import { expectTwinAgrees, randomTensor } from "../oracle.ts";
import type { ProductVariant, WeightFormat } from "./operands.ts";
import { PackedWeight } from "./packedWeight.ts";
import { type QuantLinearOptions, quantLinear } from "./quantMatMul.ts";

const hasDawn = (await openDawn()) !== null;

interface Case {
  readonly rows: number;
  readonly inSize: number;
  readonly outSize: number;
  /** 0: no adapter. */
  readonly rank: number;
  readonly format: WeightFormat;
  readonly variant: ProductVariant;
  readonly hasBias?: boolean;
}

function makeWeight({ format, inSize, outSize }: Case): tf.Tensor2D | PackedWeight {
  if (format === "f32") return randomTensor<tf.Rank.R2>("weight", [inSize, outSize]);
  const values = createRng("gpu weight", inSize, outSize).normal(inSize * outSize);
  const weight = new PackedWeight(quantiseMatrix(values, { outSize, inSize }, format));
  // Made on first use and kept: not to be taken for a leak.
  weight.dense();
  return weight;
}

/** y and every gradient. */
function compute(test: Case, weight: tf.Tensor2D | PackedWeight, options: QuantLinearOptions): tf.Tensor[] {
  const { rows, inSize, outSize, rank, variant, hasBias = true } = test;
  const x = randomTensor<tf.Rank.R2>("x", [rows, inSize]);
  const bias = hasBias ? randomTensor<tf.Rank.R1>("bias", [outSize]) : null;
  const direction = randomTensor("direction", [rows, outSize]);
  const a = randomTensor<tf.Rank.R2>("a", [Math.max(rank, 1), inSize]);
  const b = randomTensor<tf.Rank.R2>("b", [outSize, Math.max(rank, 1)]);
  const run = (x: tf.Tensor, a: tf.Tensor, b: tf.Tensor) =>
    quantLinear(
      x as tf.Tensor2D,
      weight,
      bias,
      rank > 0 ? { a: a as tf.Tensor2D, b: b as tf.Tensor2D, scale: 0.7 } : null,
      { variant, ...options },
    );
  const learns = rank > 0 && !options.isAdapterFrozen;
  const inputs = [...(options.isConstant ? [] : [x]), ...(learns ? [a, b] : [])];
  const objective = (...given: tf.Tensor[]) => {
    const [ownX, ownA, ownB] = [
      options.isConstant ? x : given[0],
      learns ? given.at(-2) : a,
      learns ? given.at(-1) : b,
    ] as [tf.Tensor, tf.Tensor, tf.Tensor];
    return tf.sum(tf.mul(run(ownX, ownA, ownB), direction)) as tf.Scalar;
  };
  return [run(x, a, b), ...tf.grads(objective)(inputs)];
}

async function check(test: Case, options: QuantLinearOptions = {}): Promise<void> {
  const weight = makeWeight(test);
  await expectTwinAgrees(() => compute(test, weight, options));
  weight.dispose();
}

const counters = () => (tf.backend() as TrainerBackend).counters();

/** Dispatches of ours in `body`. */
function dispatchesIn(body: () => void): number {
  const before = counters().dispatches;
  tf.tidy(body);
  return counters().dispatches - before;
}

const FORMATS = ["f32", ...Object.keys(QUANT_FORMATS)] as WeightFormat[];
const VARIANTS = ["registers", "shared"] as const;

describe.skipIf(!hasDawn)("the linear layer on WebGPU", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  });
  afterAll(closeBackend);

  describe.each(FORMATS)("%s", (format) => {
    describe.each(VARIANTS)("%s", (variant) => {
      it.each([
        [17, 64, 48, 8],
        [65, 96, 100, 4],
        [129, 96, 100, 16],
        [63, 130, 5, 12],
        [9, 33, 1, 1],
      ])("agrees with its twin at %i × %i → %i, rank %i", (rows, inSize, outSize, rank) =>
        check({ rows, inSize, outSize, rank, format, variant }),
      );
    });
    it.each([
      [1, 64, 48, 8],
      [3, 96, 100, 4],
      [8, 130, 5, 1],
      [5, 33, 1, 12],
    ])("agrees at %i rows × %i → %i, rank %i", (rows, inSize, outSize, rank) =>
      check({ rows, inSize, outSize, rank, format, variant: "shared" }),
    );
  });

  it("sums many rows in blocks", () =>
    check({ rows: 387, inSize: 64, outSize: 48, rank: 8, format: "int4Wide", variant: "shared" }));

  it("runs by the device's own choice", () =>
    check({ rows: 17, inSize: 64, outSize: 48, rank: 0, format: "f32", variant: "shared" }));

  it.each([
    ["no adapter, no bias", 0, {}, 1, 1],
    ["an adapter that learns", 4, {}, 2, 4],
    ["a frozen adapter", 4, { isAdapterFrozen: true }, 2, 2],
    ["a constant input", 4, { isConstant: true }, 2, 3],
  ] as const)("%s: agrees, and takes the fewest dispatches", async (_, rank, options, forward, backward) => {
    const test: Case = {
      rows: 17,
      inSize: 64,
      outSize: 48,
      rank,
      format: "int4",
      variant: "shared",
      hasBias: rank > 0,
    };
    await check(test, options);
    const weight = makeWeight(test);
    const x = randomTensor<tf.Rank.R2>("x", [17, 64]);
    const term = {
      a: randomTensor<tf.Rank.R2>("a", [4, 64]),
      b: randomTensor<tf.Rank.R2>("b", [48, 4]),
      scale: 0.5,
    };
    const run = () => quantLinear(x, weight, null, rank > 0 ? term : null, options);
    expect(dispatchesIn(run)).toBe(forward);
    const ones = tf.ones<tf.Rank.R2>([17, 48]);
    const learns = rank > 0 && !("isAdapterFrozen" in options);
    const inputs = [...("isConstant" in options ? [] : [x]), ...(learns ? [term.a, term.b] : [])];
    const both = dispatchesIn(() => {
      tf.grads((...given: tf.Tensor[]) =>
        quantLinear(
          "isConstant" in options ? x : (given[0] as tf.Tensor2D),
          weight,
          null,
          rank === 0
            ? null
            : learns
              ? { ...term, a: given.at(-2) as tf.Tensor2D, b: given.at(-1) as tf.Tensor2D }
              : term,
          options,
        ),
      )(inputs, ones);
    });
    expect(both).toBe(forward + backward);
    weight.dispose();
    tf.dispose([x, term.a, term.b, ones]);
  });

  it("gives the same bits each time", async () => {
    const test: Case = { rows: 65, inSize: 96, outSize: 100, rank: 8, format: "int8", variant: "shared" };
    const weight = makeWeight(test);
    const read = async () => {
      const tensors = tf.tidy(() => compute(test, weight, {}));
      const values = await Promise.all(tensors.map((tensor) => tensor.data()));
      tf.dispose(tensors);
      return values;
    };
    expect(await read()).toEqual(await read());
    weight.dispose();
  });

  it("decodes scales that are small halves", async () => {
    const format: QuantFormat = "int8";
    const values = createRng("small")
      .normal(48 * 64)
      .map((value) => value * 1e-4);
    const matrix = quantiseMatrix(values, { outSize: 48, inSize: 64 }, format);
    const weight = new PackedWeight(matrix);
    weight.dense();
    await expectTwinAgrees(() => [
      quantLinear(randomTensor("x", [17, 64]) as tf.Tensor2D, weight, null, null),
    ]);
    weight.dispose();
  });
});
