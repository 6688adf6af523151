import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { registerGradients } from "../../device/gradients.ts";
import { expectGradients, randomTensor } from "../oracle.ts";
import { siluGate } from "./siluGate.ts";

beforeAll(async () => {
  await registerGradients();
  await tf.setBackend("cpu");
});

describe("siluGate", () => {
  it("opens by the logistic function of the gate", async () => {
    const y = await siluGate(tf.tensor1d([1, -1, 0, 50]), tf.tensor1d([2, 3, 4, -1])).data();
    // σ(1) = 0.731059
    const expected = [2 * 0.731059, -3 * (1 - 0.731059), 0, -50];
    for (const [at, value] of expected.entries()) expect(y[at]).toBeCloseTo(value, 5);
  });

  it("has the gradients of both inputs", () =>
    expectGradients([randomTensor("gate", [3, 5]), randomTensor("up", [3, 5])], siluGate));

  it("refuses shapes that differ", () => {
    expect(() => siluGate(tf.zeros([2, 3]), tf.zeros([3, 2]))).toThrow("[2,3]");
  });
});
