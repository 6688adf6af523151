import "@tensorflow/tfjs-backend-cpu";
import {
  dispose,
  memory,
  mul,
  setBackend,
  type Tensor,
  tensor,
  tensor1d,
  tensor2d,
  tidy,
  type Variable,
  variable,
} from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { AdamW } from "./adamw.ts";
import { clipFactor, globalNorm } from "./clip.ts";
import { warmUp } from "./schedule.ts";

beforeAll(async () => {
  await setBackend("cpu");
});

/** Three parameters of different shapes, named w0 to w2. */
function optimizeThree() {
  const parameters = [tensor2d([[1], [2]]), tensor1d([3]), tensor1d([4, 5, 6])].map((start) => {
    const held = variable(start as Tensor);
    start.dispose();
    return held;
  });
  const named = parameters.map((held, at) => ({ name: `w${at}`, variable: held }));
  return { parameters, optimizer: new AdamW(named) };
}

/** The parameters themselves: the slope of half their square. */
const gradientsOf = (parameters: readonly Variable[]) =>
  Object.fromEntries(parameters.map((held) => [held.name, held]));

/** [parameters] of values and both moments. */
async function stateOf(optimizer: AdamW, parameters: readonly Variable[]): Promise<number[][][]> {
  const moments = [...optimizer.moments().values()];
  return Promise.all(
    parameters.map(async (held, at) => {
      const views = [held.data<"float32">(), moments[at]?.first.data(), moments[at]?.second.data()];
      return (await Promise.all(views)).map((values) => Array.from(values ?? []));
    }),
  );
}

describe("AdamW", () => {
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

  it("leaves a parameter without a gradient alone, its moments too", async () => {
    const { optimizer, parameters } = optimizeThree();
    optimizer.update(gradientsOf(parameters), 0.1);
    const before = await stateOf(optimizer, parameters);
    const [first, , third] = parameters;
    optimizer.update(gradientsOf([first, third].flatMap((held) => held ?? [])), 0.1);
    const after = await stateOf(optimizer, parameters);
    expect(after[1]).toEqual(before[1]);
    for (const at of [0, 2]) {
      for (const part of [0, 1, 2]) expect(after[at]?.[part]).not.toEqual(before[at]?.[part]);
    }
    dispose(parameters);
    optimizer.dispose();
  });

  it("goes back to a snapshot, and its copies do not change meanwhile", async () => {
    const { optimizer, parameters } = optimizeThree();
    optimizer.update(gradientsOf(parameters), 0.1);
    const before = await stateOf(optimizer, parameters);
    const tensors = memory().numTensors;
    const snapshot = optimizer.snapshot();
    optimizer.update(gradientsOf(parameters), 0.1);
    expect(await stateOf(optimizer, parameters)).not.toEqual(before);
    snapshot.restore();
    snapshot.dispose();
    expect(await stateOf(optimizer, parameters)).toEqual(before);
    expect(optimizer.updates).toBe(1);
    expect(memory().numTensors).toBe(tensors);
    dispose(parameters);
    optimizer.dispose();
  });

  it("takes moments back one by one", async () => {
    const { optimizer, parameters } = optimizeThree();
    optimizer.update(gradientsOf(parameters), 0.1);
    const source = await stateOf(optimizer, parameters);
    const second = new AdamW(parameters.map((held, at) => ({ name: `w${at}`, variable: held })));
    for (const [at, moments] of [...second.moments().values()].entries()) {
      const [, first = [], squares = []] = source[at] ?? [];
      for (const [view, values] of [
        [moments.first, first],
        [moments.second, squares],
      ] as const) {
        const stored = tensor(values, [...view.shape]);
        view.assign(stored);
        stored.dispose();
      }
    }
    expect(await stateOf(second, parameters)).toEqual(source);
    const wrong = tensor1d([1]);
    expect(() => second.moments().get("w0")?.first.assign(wrong)).toThrow("[2, 1], not [1]");
    dispose([...parameters, wrong]);
    optimizer.dispose();
    second.dispose();
  });
});

describe("clip", () => {
  it("takes the norm over all tensors and scales only what is too long", () => {
    expect(globalNorm([9, 16], ["a", "b"])).toBeCloseTo(5, 6);
    expect(clipFactor(5, 1)).toBeCloseTo(0.2, 12);
    expect(clipFactor(0.5, 1)).toBe(1);
  });

  it("names the tensor that is not finite", () => {
    expect(() => globalNorm([1, Number.NaN], ["a", "layers.0.lora_A"])).toThrow(/layers\.0\.lora_A/);
  });
});

describe("GradientSum", () => {
  it("adds passes, ignores strangers and gives everything back", () => {
    const [a, b, c] = [variable(tensor1d([0, 0])), variable(tensor1d([0])), variable(tensor1d([0]))];
    const before = memory().numTensors;
    const optimizer = new AdamW([a, b, c].map((held) => ({ name: held.name, variable: held })));
    const sum = optimizer.startSum();
    sum.add({ [a.name]: tensor1d([1, 2]) });
    expect(sum.reached).toEqual([true, false, false]);
    sum.add({ [a.name]: tensor1d([10, 20]), [c.name]: tensor1d([5]), stranger: tensor1d([9]) });
    expect(sum.reached).toEqual([true, false, true]);
    expect(Array.from(sum.packed.dataSync())).toEqual([11, 22, 0, 5]);
    const norms = sum.squaredNorms();
    expect(Array.from(norms.dataSync())).toEqual([121 + 484, 0, 25]);
    norms.dispose();
    sum.dispose();
    optimizer.dispose();
    expect(memory().numTensors).toBe(before);
    dispose([a, b, c]);
  });

  it("serves only the optimizer that started it", () => {
    const parameter = variable(tensor1d([1]));
    const [one, other] = [0, 1].map(() => new AdamW([{ name: "w", variable: parameter }]));
    const sum = one?.startSum();
    expect(() => sum && other?.update(sum, 0.1)).toThrow("startSum");
    for (const held of [sum, one, other, parameter]) held?.dispose();
  });
});

describe("warmUp", () => {
  it("rises for five updates, then stays", () => {
    expect([1, 3, 5, 100].map((update) => warmUp(1, update))).toEqual([0.2, 0.6, 1, 1]);
  });
});
