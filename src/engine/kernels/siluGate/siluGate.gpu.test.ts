import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { expectTwinAgrees, randomTensor } from "../oracle.ts";
import { siluGate } from "./siluGate.ts";

const hasDawn = (await openDawn()) !== null;

const SHAPES: readonly number[][] = [[1], [3, 17], [4, 64], [65, 129]];

describe.skipIf(!hasDawn)("siluGate on WebGPU", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  });
  afterAll(closeBackend);

  const compute = (gate: tf.Tensor, up: tf.Tensor) => {
    const direction = randomTensor("direction", gate.shape);
    const loss = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(siluGate(a, b), direction)) as tf.Scalar;
    return [siluGate(gate, up), ...tf.grads(loss)([gate, up])];
  };

  it.each(SHAPES.map((shape) => ({ shape })))("agrees with its twin at $shape", ({ shape }) =>
    expectTwinAgrees(() => compute(randomTensor("gate", shape, 6), randomTensor("up", shape))),
  );

  it("stays finite far out", async () => {
    const values = tf.tidy(() => tf.concat(compute(tf.tensor1d([300, -300]), tf.tensor1d([1, 1]))));
    const [ahead, behind, ...slopes] = await values.data();
    expect(ahead).toBe(300);
    expect(Math.abs(behind ?? 1)).toBeLessThan(1e-30);
    expect(slopes.every(Number.isFinite)).toBe(true);
    values.dispose();
  });

  it("takes one dispatch each way", () => {
    const backend = tf.backend() as unknown as TrainerBackend;
    const [gate, up] = [randomTensor("gate", [4, 64]), randomTensor("up", [4, 64])];
    const before = backend.counters().dispatches;
    const y = siluGate(gate, up);
    expect(backend.counters().dispatches - before).toBe(1);
    const slopes = tf.grads(siluGate)([gate, up], gate);
    expect(backend.counters().dispatches - before).toBe(3);
    tf.dispose([gate, up, y, slopes]);
  });
});
