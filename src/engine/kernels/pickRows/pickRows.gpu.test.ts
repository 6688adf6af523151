import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import { expectTwinAgrees, randomTensor } from "../oracle.ts";
import { pickRows } from "./pickRows.ts";

const hasDawn = (await openDawn()) !== null;

describe.skipIf(!hasDawn)("picked rows on WebGPU", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  });
  afterAll(closeBackend);

  it.each([
    [3, 5, { start: 0, sequences: 1, length: 3, skip: 2, count: 1 }],
    [387, 17, { start: 24, sequences: 5, length: 66, skip: 1, count: 64 }],
    [129, 65, { start: 3, sequences: 63, length: 2, skip: 0, count: 1 }],
  ])("agree with their twin: of %i rows of %i", (rows, width, choice) =>
    expectTwinAgrees(() => {
      const x = randomTensor<tf.Rank.R2>("x", [rows, width]);
      const weights = randomTensor("weights", [choice.sequences * choice.count, width]);
      const run = (given: tf.Tensor) => pickRows(given as tf.Tensor2D, choice);
      return [run(x), tf.grad((given) => tf.sum(tf.mul(run(given), weights)))(x)];
    }),
  );
});
