import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { expectClose, expectTwinAgrees, randomPacked, randomTensor } from "../oracle.ts";
import type { PackedWeight } from "../quantMatMul/packedWeight.ts";
import { scoreTokens, type TokenHead, tokenLogProbs } from "./tokenLogProb.ts";
import { type CutSizes, projectedGradientOnGpu, scoreProjectedOnGpu } from "./webgpu.ts";

const hasDawn = (await openDawn()) !== null;

/** Rows, width of the vocabulary, width of the hidden states. */
const SIZES: readonly (readonly [number, number, number])[] = [
  [1, 7, 20],
  [3, 7, 64],
  [65, 7, 64],
  [129, 7, 20],
  [1, 130, 64],
  [3, 130, 20],
  [65, 130, 20],
  [129, 130, 64],
  [5, 131, 3],
  [1, 4096, 64],
  [3, 4096, 20],
  [65, 4096, 20],
  [129, 260, 64],
];

const idsOf = (rows: number, columns: number) =>
  Int32Array.from({ length: rows }, (_, row) => (row * 7919 + columns - 1) % columns);

describe.skipIf(!hasDawn)("token scores on WebGPU", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  });
  afterAll(closeBackend);

  function makeHead(inner: number, columns: number, level = 0): TokenHead & { readonly weight: tf.Tensor2D } {
    const weight = randomTensor<tf.Rank.R2>("weight", [inner, columns], 1);
    const bias = tf.add(randomTensor("bias", [columns]), level) as tf.Tensor1D;
    return { weight, bias, transposedWeight: () => tf.transpose(weight) };
  }

  /** @param level of all logits */
  function compute(
    [rows, columns, inner]: readonly [number, number, number],
    temperature: number,
    level = 0,
    packed: PackedWeight | null = null,
  ) {
    const { weight, ...rest } = makeHead(inner, columns, level);
    const head = { ...rest, weight: packed ?? weight };
    const hidden = randomTensor<tf.Rank.R2>("hidden", [rows, inner], 1);
    const ids = idsOf(rows, columns);
    const direction = randomTensor("direction", [rows]);
    const run = (x: tf.Tensor) => scoreTokens(x as tf.Tensor2D, head, ids, { temperature });
    const { logProbs, entropies, logSumExps } = run(hidden);
    const loss = (x: tf.Tensor) => tf.sum(tf.mul(run(x).logProbs, direction));
    return [logProbs, entropies, logSumExps, tf.grad(loss)(hidden)];
  }

  it.each(SIZES)("agree with their twin: %i rows, %i tokens, width %i", (...sizes) =>
    expectTwinAgrees(() => compute(sizes, 0.8)),
  );

  it.each([
    [1, 7, 20, "int8Row"],
    [129, 130, 64, "int8"],
    [5, 131, 3, "int8Row"],
    [65, 260, 72, "int4"],
    [3, 4096, 20, "int8Row"],
  ] as const)("agree with their twin: %i rows, %i packed tokens, width %i, %s", async (...test) => {
    const [rows, columns, inner, format] = test;
    const packed = randomPacked(columns, inner, format);
    await expectTwinAgrees(() => compute([rows, columns, inner], 0.8, 0, packed));
    packed.dispose();
  });

  it.each([200, -200])("agree where exponentials of the logits leave f32: around %i", (level) =>
    // A logit of 200 is known to 1e-5 only, and so is its exponential.
    expectTwinAgrees(() => compute([17, 130, 20], 1, level), 1e-4),
  );

  it.each([
    // Groups so that each of several takes several tiles of a row.
    [33, 330, 12, 9, "f32"],
    [33, 331, 12, 9, "f32"],
    [3, 1300, 8, 2, "f32"],
    [33, 331, 12, 9, "int8"],
    [33, 332, 12, 9, "int8"],
  ] as const)("are the same in pieces: %i rows, %i tokens, width %i (%i groups, %s)", async (...sizes) => {
    const [rows, columns, inner, enoughGroups, format] = sizes;
    const backend = tf.backend() as unknown as TrainerBackend;
    const head = makeHead(inner, columns);
    const words = format === "f32" ? null : randomPacked(columns, inner, format);
    const matrix = words ? { packed: words.packed, scales: words.scales } : { weight: head.weight };
    const hidden = randomTensor<tf.Rank.R2>("hidden", [rows, inner], 1);
    const ids = tf.tensor1d(idsOf(rows, columns), "int32");
    const inputs = { hidden, ...matrix, bias: head.bias, ids };
    const dy = randomTensor("dy", [rows]);
    const run = (cut?: CutSizes) => {
      const attributes = { temperature: 0.8, hasEntropy: true, format, inSize: inner, outSize: columns };
      const scores = scoreProjectedOnGpu(backend, inputs, attributes, cut);
      const read = { ...inputs, dy, statistics: scores[1] as tf.TensorInfo };
      const slopes = projectedGradientOnGpu(backend, read, attributes, cut);
      return [...scores, ...slopes].map((info) => tf.engine().makeTensorFromTensorInfo(info));
    };
    const before = backend.counters().dispatches;
    const whole = run();
    const dispatches = backend.counters().dispatches - before;
    const pieces = run({ enoughGroups, maxHeld: 129 * rows });
    expect(backend.counters().dispatches - before).toBeGreaterThan(2 * dispatches);
    for (const [at, tensor] of pieces.entries()) await expectClose(tensor, whole[at] as tf.Tensor);
    words?.dispose();
    tf.dispose([head.weight, head.bias, hidden, ids, dy, whole, pieces]);
  });

  it("repeat to the bit", async () => {
    const run = () => tf.tidy(() => compute([65, 1024, 20], 1));
    const [first, second] = [run(), run()];
    for (const [at, tensor] of first.entries()) {
      expect(await tensor.data()).toEqual(await (second[at] as tf.Tensor).data());
    }
    tf.dispose([first, second]);
  });

  it("hold no logits", () => {
    const backend = tf.backend() as unknown as TrainerBackend;
    const [head, hidden] = [makeHead(20, 4096), randomTensor<tf.Rank.R2>("hidden", [65, 20])];
    const [bytes, dispatches] = [tf.memory().numBytes, backend.counters().dispatches];
    const scores = scoreTokens(hidden, head, idsOf(65, 4096));
    expect(tf.memory().numBytes - bytes).toBe(3 * 65 * 4);
    // Partial softmaxes and their union.
    expect(backend.counters().dispatches - dispatches).toBe(2);
    tf.dispose([head.weight, head.bias, hidden, scores.logProbs, scores.entropies, scores.logSumExps]);
  });

  it.each([
    [1, 7],
    [3, 130],
    [65, 7],
    [129, 130],
    [3, 4096],
  ] as const)("of logits agree with their twin: %i rows, %i tokens", (rows, columns) =>
    expectTwinAgrees(() => {
      const logits = randomTensor<tf.Rank.R2>("logits", [rows, columns], 5);
      const ids = idsOf(rows, columns);
      const direction = randomTensor("direction", [rows]);
      const run = (x: tf.Tensor) => tokenLogProbs(x as tf.Tensor2D, ids);
      return [run(logits), tf.grad((x) => tf.sum(tf.mul(run(x), direction)))(logits)];
    }),
  );
});
