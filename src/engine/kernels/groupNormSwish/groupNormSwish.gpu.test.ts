import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { expectTwinAgrees, randomTensor } from "../oracle.ts";
import { groupNorm, groupNormSwish } from "./groupNormSwish.ts";

const hasDawn = (await openDawn()) !== null;
/** A busy machine takes its time to load tfjs. */
const BACKEND_TIMEOUT_MS = 60_000;

/** [B, H, W, C] and G. */
const SHAPES: readonly (readonly [readonly [number, number, number, number], number])[] = [
  [[1, 1, 1, 2], 1],
  [[3, 5, 7, 6], 2],
  [[2, 4, 4, 64], 32],
  [[1, 3, 3, 300], 300],
  [[2, 33, 31, 24], 3],
  [[1, 64, 65, 32], 8],
];

describe.skipIf(!hasDawn)("group norm on WebGPU", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  }, BACKEND_TIMEOUT_MS);
  afterAll(closeBackend);

  function compute(shape: readonly number[], groups: number, level = 0, spread = 1): tf.Tensor[] {
    const channels = shape.at(-1) ?? 0;
    const x = tf.add(tf.mul(randomTensor("x", [...shape]), spread), level) as tf.Tensor4D;
    const weight = randomTensor<tf.Rank.R1>("weight", [channels]);
    const bias = randomTensor<tf.Rank.R1>("bias", [channels]);
    const norm = { weight, bias, groups, epsilon: 1e-6 };
    return [groupNorm(x, norm), groupNormSwish(x, norm)];
  }

  it.each(SHAPES)("agrees with its twin at %j in %i groups", (shape, groups) =>
    expectTwinAgrees(() => compute(shape, groups)),
  );

  it("keeps the digits of a small deviation behind a large mean", () =>
    expectTwinAgrees(() => compute([1, 16, 16, 8], 2, 300), 2e-4));

  it("leaves more groups than a workgroup can hold to the twin", () =>
    expectTwinAgrees(() => compute([1, 2, 1, 1500], 1500)));

  it("needs two dispatches", () => {
    const [x, weight, bias] = [
      randomTensor<tf.Rank.R4>("x", [1, 8, 8, 8]),
      randomTensor<tf.Rank.R1>("weight", [8]),
      randomTensor<tf.Rank.R1>("bias", [8]),
    ];
    const backend = tf.backend() as unknown as TrainerBackend;
    const before = backend.counters().dispatches;
    const y = groupNormSwish(x, { weight, bias, groups: 2, epsilon: 1e-6 });
    expect(backend.counters().dispatches - before).toBe(2);
    tf.dispose([x, weight, bias, y]);
  });
});
