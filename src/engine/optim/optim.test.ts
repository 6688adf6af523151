import "@tensorflow/tfjs-backend-cpu";
import { memory, mul, setBackend, tensor1d, tidy, variable } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { AdamW, adamWUpdate } from "./adamw.ts";
import { clipFactor, globalNorm, squaredNorms } from "./clip.ts";
import { GradientSum } from "./gradientSum.ts";
import { warmUp } from "./schedule.ts";

beforeAll(async () => {
  await setBackend("cpu");
});

describe("adamWUpdate", () => {
  it("gives the numbers of the formula worked out by hand", () => {
    const options = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1 };
    const result = tidy(() => {
      const next = adamWUpdate(
        {
          parameter: tensor1d([2]),
          gradient: tensor1d([0.5]),
          first: tensor1d([0.1]),
          second: tensor1d([0.04]),
        },
        2,
        0.01,
        options,
      );
      return [next.parameter, next.first, next.second].map((each) => each.dataSync()[0]);
    });
    // m = .09 + .05, v = .0396 + .0025; m̂ = .14/.19, v̂ = .0421/.0199; θ = 2 − .01·(m̂/√v̂ + .2)
    const direction = 0.14 / 0.19 / Math.sqrt(0.0421 / 0.0199);
    expect(result[1]).toBeCloseTo(0.14, 6);
    expect(result[2]).toBeCloseTo(0.0421, 6);
    expect(result[0]).toBeCloseTo(2 - 0.01 * (direction + 0.2), 6);
  });

  it("moves by the learning rate on the first update, whatever the gradient's size", () => {
    const parameter = variable(tensor1d([0, 0, 0]));
    const optimizer = new AdamW([{ name: "w", variable: parameter }]);
    const gradient = tensor1d([1e-3, -5, 700]);
    optimizer.update({ [parameter.name]: gradient }, 0.1, 0.5);
    const moved = Array.from(parameter.dataSync());
    for (const [at, sign] of [-1, 1, -1].entries()) expect(moved[at]).toBeCloseTo(0.1 * sign, 4);
    for (const tensor of [gradient, parameter]) tensor.dispose();
    optimizer.dispose();
  });
});

describe("AdamW", () => {
  it("reaches the bottom of a parabola and leaks nothing", () => {
    const parameter = variable(tensor1d([3]));
    const optimizer = new AdamW([{ name: "w", variable: parameter }]);
    const before = memory();
    for (let step = 0; step < 200; step++) {
      const gradient = tidy(() => mul(parameter, 2));
      optimizer.update({ [parameter.name]: gradient }, 0.1);
      gradient.dispose();
    }
    expect(Math.abs(parameter.dataSync()[0] ?? 9)).toBeLessThan(0.05);
    expect(memory().numTensors).toBe(before.numTensors);
    expect(memory().numBytes).toBe(before.numBytes);
    optimizer.dispose();
    parameter.dispose();
  });

  it("leaves a parameter without a gradient alone", () => {
    const parameter = variable(tensor1d([3]));
    const optimizer = new AdamW([{ name: "w", variable: parameter }]);
    optimizer.update({}, 0.1);
    expect(parameter.dataSync()[0]).toBe(3);
    optimizer.dispose();
    parameter.dispose();
  });
});

describe("clip", () => {
  it("takes the norm over all tensors and scales only what is too long", () => {
    const gradients = { a: tensor1d([3]), b: tensor1d([0, 4]) };
    const squared = squaredNorms(gradients, ["a", "b"]);
    expect(globalNorm(squared.dataSync(), ["a", "b"])).toBeCloseTo(5, 6);
    expect(clipFactor(5, 1)).toBeCloseTo(0.2, 12);
    expect(clipFactor(0.5, 1)).toBe(1);
  });

  it("names the tensor that is not finite", () => {
    expect(() => globalNorm([1, Number.NaN], ["a", "layers.0.lora_A"])).toThrow(/layers\.0\.lora_A/);
  });
});

describe("GradientSum", () => {
  it("adds passes and gives everything back", () => {
    const before = memory().numTensors;
    const sum = new GradientSum();
    sum.add({ a: tensor1d([1, 2]) });
    sum.add({ a: tensor1d([10, 20]), b: tensor1d([5]) });
    expect(Array.from(sum.gradients().a?.dataSync() ?? [])).toEqual([11, 22]);
    expect(Array.from(sum.gradients().b?.dataSync() ?? [])).toEqual([5]);
    sum.dispose();
    expect(memory().numTensors).toBe(before);
  });
});

describe("warmUp", () => {
  it("rises for five updates, then stays", () => {
    expect([1, 3, 5, 100].map((update) => warmUp(1, update))).toEqual([0.2, 0.6, 1, 1]);
  });
});
