import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { registerGradients } from "../../device/gradients.ts";
import { expectClose, expectGradients, randomTensor } from "../oracle.ts";
import { geluNew } from "./geluNew.ts";
import { gelu, geluGradient } from "./twin.ts";

beforeAll(async () => {
  await registerGradients();
  await tf.setBackend("cpu");
});

describe("geluNew", () => {
  it("is the tanh form, not the error function's", async () => {
    const [one, minusOne, zero] = await geluNew(tf.tensor1d([1, -1, 0])).data();
    expect(one).toBeCloseTo(0.841192, 6);
    expect(minusOne).toBeCloseTo(-0.158808, 6);
    expect(zero).toBe(0);
  });

  it("stays finite far out", async () => {
    const values = await geluNew(tf.tensor1d([60, -60])).data();
    expect(values[0]).toBe(60);
    expect(Math.abs(values[1] ?? 1)).toBe(0);
  });

  it("has its gradient", () => expectGradients([randomTensor("x", [3, 4])], (x) => geluNew(x)));

  it("has the same gradient where σ was not kept", async () => {
    const [x, dy] = [randomTensor("x", [7], 5), randomTensor("dy", [7])];
    const [, gate] = gelu({ x }) as [tf.Tensor, tf.Tensor];
    const [actual, expected] = [geluGradient({ x, dy }), geluGradient({ x, dy, gate })];
    await expectClose(actual[0] as tf.Tensor, expected[0] as tf.Tensor, 1e-7);
  });
});
