import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { expectTwinAgrees, randomTensor } from "../oracle.ts";
import { geluNew } from "./geluNew.ts";

const hasDawn = (await openDawn()) !== null;

const SHAPES: readonly number[][] = [[1], [3, 17], [4, 64], [65, 129]];

describe.skipIf(!hasDawn)("geluNew on WebGPU", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  });
  afterAll(closeBackend);

  const compute = (x: tf.Tensor) => {
    const direction = randomTensor("direction", x.shape);
    return [geluNew(x), tf.grad((rows) => tf.sum(tf.mul(geluNew(rows), direction)))(x)];
  };

  it.each(SHAPES.map((shape) => ({ shape })))("agrees with its twin at $shape", ({ shape }) =>
    expectTwinAgrees(() => compute(randomTensor("x", shape, 4))),
  );

  it("stays finite far out", async () => {
    const values = tf.tidy(() => tf.concat(compute(tf.tensor1d([300, -300]))));
    const [ahead, behind, slopeAhead, slopeBehind] = await values.data();
    expect(ahead).toBe(300);
    expect(Math.abs(behind ?? 1)).toBeLessThan(1e-30);
    expect(Number.isFinite(slopeAhead)).toBe(true);
    expect(Math.abs(slopeBehind ?? 1)).toBeLessThan(1e-25);
    values.dispose();
  });

  it("takes one dispatch each way", () => {
    const backend = tf.backend() as unknown as TrainerBackend;
    const x = randomTensor("x", [4, 64]);
    const before = backend.counters().dispatches;
    const y = geluNew(x);
    expect(backend.counters().dispatches - before).toBe(1);
    const dx = tf.grad((rows) => geluNew(rows))(x, x);
    expect(backend.counters().dispatches - before).toBe(3);
    tf.dispose([x, y, dx]);
  });
});
