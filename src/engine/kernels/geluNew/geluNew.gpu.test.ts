import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import { expectTwinAgrees, randomTensor } from "../oracle.ts";
import { geluNew } from "./geluNew.ts";

const hasDawn = (await openDawn()) !== null;

describe.skipIf(!hasDawn)("gelu_new on WebGPU", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  });
  afterAll(closeBackend);

  it.each([[[1]], [[3, 63]], [[65, 129]], [[2, 3, 5, 7]]])("agrees with its twin: %o", (shape) =>
    expectTwinAgrees(() => {
      const x = randomTensor("x", shape, 6);
      const direction = randomTensor("direction", shape);
      return [geluNew(x), tf.grad((values) => tf.sum(tf.mul(geluNew(values), direction)))(x)];
    }),
  );

  it("stays finite far out", async () => {
    const x = tf.tensor1d([80, -80, 1e5, -1e5]);
    expect([...(await geluNew(x).data())].map(Math.abs)).toEqual([80, 0, 1e5, 0]);
    const slopes = tf.grad((values) => tf.sum(geluNew(values)))(x);
    expect([...(await slopes.data())].map(Math.abs)).toEqual([1, 0, 1, 0]);
  });
});
