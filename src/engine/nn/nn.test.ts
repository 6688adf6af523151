import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNodeBackend } from "../../cli/node/nodeBackend.ts";
import { closeBackend } from "../device/backend.ts";
import { geluNew } from "../kernels/geluNew/geluNew.ts";
import { LowRankAdapter } from "../lora/adapter.ts";
import { quantiseMatrix } from "../quant/quantiseMatrix.ts";
import { createRng } from "../rng.ts";
import { Linear } from "./linear.ts";
import { perturbTowards } from "./posteriorGumbel.ts";
import { straightThroughEmbedding } from "./straightThrough.ts";
import { takeRows } from "./takeRows.ts";
import { projectedTokenLogProbs, tokenLogProbs } from "./tokenLogProbs.ts";

/** A busy machine takes its time to load tfjs. */
const BACKEND_TIMEOUT_MS = 60_000;

beforeAll(async () => {
  await startNodeBackend("cpu");
}, BACKEND_TIMEOUT_MS);
afterAll(closeBackend);

const rng = createRng("nn.test");

function random(shape: number[], scale = 1): tf.Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return tf.tensor(
    rng.normal(count).map((value) => value * scale),
    shape,
  );
}

/**
 * Compares the tape's gradients with central differences of Σ weights·f, one input element at a time.
 * f32 leaves about 1e-3 of a difference quotient with steps of 1e-2.
 */
async function expectGradients(inputs: tf.Tensor[], f: (...inputs: tf.Tensor[]) => tf.Tensor): Promise<void> {
  const weights = tf.tidy(() => random(f(...inputs).shape));
  const objective = (...args: tf.Tensor[]) => tf.sum(tf.mul(f(...args), weights)) as tf.Scalar;
  const gradients = tf.grads(objective)(inputs);
  const step = 1e-2;
  for (const [at, input] of inputs.entries()) {
    const values = await input.data();
    const actual = (await gradients[at]?.data()) ?? [];
    const evaluate = async (index: number, offset: number) => {
      const moved = Float32Array.from(values);
      moved[index] = (moved[index] ?? 0) + offset;
      const value = tf.tidy(() => {
        const args = inputs.map((other, place) => (place === at ? tf.tensor(moved, input.shape) : other));
        return objective(...args);
      });
      return (await value.data())[0] ?? Number.NaN;
    };
    for (let index = 0; index < values.length; index++) {
      const quotient = ((await evaluate(index, step)) - (await evaluate(index, -step))) / (2 * step);
      const tolerance = 5e-3 * (1 + Math.abs(quotient));
      expect(
        Math.abs((actual[index] ?? Number.NaN) - quotient),
        `input ${at}, element ${index}`,
      ).toBeLessThan(tolerance);
    }
  }
}

describe("linear", () => {
  it("multiplies, adds the bias and the scaled adapter", async () => {
    const layer = new Linear(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor1d([10, 20]));
    expect(await layer.apply(tf.tensor2d([1, 1], [1, 2])).array()).toEqual([[14, 26]]);
    // x·Aᵀ = 1·1 + 1·2 = 3, times B = (1, −1), scale 4/1.
    layer.setAdapter(new LowRankAdapter(tf.tensor2d([1, 2], [1, 2]), tf.tensor2d([1, -1], [2, 1]), 4));
    expect(await layer.apply(tf.tensor2d([1, 1], [1, 2])).array()).toEqual([[26, 14]]);
    const copy = layer.frozenCopy();
    layer.setAdapter(null);
    expect(await copy.apply(tf.tensor2d([1, 1], [1, 2])).array()).toEqual([[26, 14]]);
    expect(copy.adapter).toBeNull();
  });

  it("has the gradients of x, weight and bias", async () => {
    await expectGradients([random([3, 4]), random([4, 2]), random([2])], (x, weight, bias) =>
      new Linear(weight as tf.Tensor2D, bias as tf.Tensor1D, true).apply(x as tf.Tensor2D),
    );
  });

  it("has the gradients of x and both halves of the adapter", async () => {
    const layer = new Linear(random([4, 3]) as tf.Tensor2D, random([3]) as tf.Tensor1D);
    const adapter = new LowRankAdapter(random([2, 4]) as tf.Tensor2D, random([3, 2]) as tf.Tensor2D, 3);
    layer.setAdapter(adapter);
    const x = random([5, 4]) as tf.Tensor2D;
    await expectGradients([x], (moved) => layer.apply(moved as tf.Tensor2D));
    const weights = random([5, 3]);
    const objective = () => tf.sum(tf.mul(layer.apply(x, true), weights)) as tf.Scalar;
    const { grads } = tf.variableGrads(objective, [adapter.a, adapter.b]);
    for (const variable of [adapter.a, adapter.b]) {
      const before = variable.clone();
      const flat = await before.data();
      const actual = (await grads[variable.name]?.data()) ?? [];
      for (let index = 0; index < flat.length; index++) {
        const evaluate = async (offset: number) => {
          const moved = Float32Array.from(flat);
          moved[index] = (moved[index] ?? 0) + offset;
          variable.assign(tf.tensor(moved, variable.shape));
          return (await objective().data())[0] ?? Number.NaN;
        };
        const quotient = ((await evaluate(1e-2)) - (await evaluate(-1e-2))) / 2e-2;
        expect(actual[index]).toBeCloseTo(quotient, 2);
      }
      variable.assign(before);
    }
  });

  it("multiplies by a weight in few bits, and keeps its adapter beside it in a copy", async () => {
    const values = Float32Array.of(1, -2, 7, 7, 0, -7);
    const layer = Linear.ofMatrix(
      quantiseMatrix(values, { outSize: 2, inSize: 3 }, "int4"),
      tf.tensor1d([10, 20]),
    );
    const x = tf.tensor2d([1, 2, -1], [1, 3]);
    expect(await layer.apply(x).array()).toEqual([[0, 34]]);
    expect(
      await tf
        .grad((rows) => tf.sum(layer.apply(rows as tf.Tensor2D)))(x)
        .array(),
    ).toEqual([[8, -2, 0]]);
    layer.setAdapter(new LowRankAdapter(tf.tensor2d([1, 0, 0], [1, 3]), tf.tensor2d([1, -1], [2, 1]), 3));
    const copy = layer.frozenCopy();
    layer.adapter?.a.assign(tf.zeros([1, 3]));
    expect(await layer.apply(x).array()).toEqual([[0, 34]]);
    expect(await copy.apply(x).array()).toEqual([[3, 31]]);
    copy.dispose();
    expect(await layer.apply(x).array()).toEqual([[0, 34]]);
  });

  it("computes no gradient for frozen weights", () => {
    const weight = tf.variable(random([2, 2]));
    const layer = new Linear(weight as tf.Tensor2D, tf.tensor1d([0, 0]));
    const x = tf.variable(random([1, 2]));
    const loss = () => tf.sum(layer.apply(x as unknown as tf.Tensor2D)) as tf.Scalar;
    const { grads } = tf.variableGrads(loss, [x, weight]);
    expect(Object.values(grads).filter((gradient) => gradient !== null)).toHaveLength(1);
  });
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

  it("has its gradient", () => expectGradients([random([3, 4], 2)], (x) => geluNew(x)));
});

describe("token log-probs", () => {
  it("are those of the softmax", async () => {
    const values = await tokenLogProbs(
      tf.tensor2d([0, Math.log(3), 5, 5], [2, 2]),
      Int32Array.of(1, 0),
    ).data();
    expect(values[0]).toBeCloseTo(Math.log(0.75), 6);
    expect(values[1]).toBeCloseTo(Math.log(0.5), 6);
  });

  it("stay exact where the probability underflows", async () => {
    const [value] = await tokenLogProbs(tf.tensor2d([0, 200], [1, 2]), Int32Array.of(0)).data();
    expect(value).toBe(-200);
  });

  it("have the gradient onehot − softmax", () =>
    expectGradients([random([3, 5])], (logits) =>
      tokenLogProbs(logits as tf.Tensor2D, Int32Array.of(0, 4, 2)),
    ));

  it("pass their gradient through a frozen projection", () => {
    const head = new Linear(random([4, 6]) as tf.Tensor2D, random([6]) as tf.Tensor1D);
    return expectGradients([random([3, 4])], (hidden) =>
      projectedTokenLogProbs(hidden as tf.Tensor2D, head, Int32Array.of(5, 0, 3)),
    );
  });
});

describe("takeRows", () => {
  it("repeats rows and adds up their gradients", async () => {
    const rows = takeRows(tf.tensor2d([1, 2, 3, 4], [2, 2]), Int32Array.of(1, 1, 0));
    expect(await rows.array()).toEqual([
      [3, 4],
      [3, 4],
      [1, 2],
    ]);
    await expectGradients([random([3, 2, 2])], (x) => takeRows(x, Int32Array.of(2, 0, 2, 2)));
  });
});

describe("straightThroughEmbedding", () => {
  it("is the given embedding forward and the softmax's backward, at weighted rows only", async () => {
    const table = random([4, 3]) as tf.Tensor2D;
    const columns = tf.transpose(table);
    const logits = random([2, 4]) as tf.Tensor2D;
    const ids = Int32Array.of(3, 1);
    const tau = 0.7;
    const upstream = random([2, 3]);
    const hard = (z: tf.Tensor) =>
      straightThroughEmbedding(z as tf.Tensor2D, table, columns, ids, Float32Array.of(1, 0), tau);
    expect(await hard(logits).data()).toEqual(await tf.gather(table, tf.tensor1d(ids, "int32")).data());
    const actual = await tf
      .grad((z) => tf.sum(tf.mul(hard(z), upstream)))(logits)
      .array();
    const soft = (z: tf.Tensor) => tf.matMul(tf.softmax(tf.div(z, tau)) as tf.Tensor2D, table);
    const expected = await tf
      .grad((z) => tf.sum(tf.mul(soft(z), upstream)))(logits)
      .array();
    const [first, second] = actual as number[][];
    const [wanted] = expected as number[][];
    for (const [at, value] of (wanted ?? []).entries()) expect(first?.[at]).toBeCloseTo(value, 5);
    expect(second?.every((value) => Math.abs(value) === 0)).toBe(true);
  });
});

describe("perturbTowards", () => {
  const rows = 4000;
  const stackRows = () => tf.tile(tf.tensor2d([[0.5, -1, 0.2, 0]]), [rows, 1]) as tf.Tensor2D;
  const noise = (name: string) => tf.tensor2d(createRng("posterior", name).gumbel(rows * 4), [rows, 4]);

  it("makes the drawn code the largest, always", async () => {
    for (const id of [0, 1, 2, 3]) {
      const ids = new Int32Array(rows).fill(id);
      const largest = await tf.argMax(perturbTowards(stackRows(), ids, noise(`${id}`)), 1).data();
      expect(largest.every((at) => at === id)).toBe(true);
    }
  });

  it("has the means of free Gumbel noise among those draws that chose the code", async () => {
    const free = (await tf.add(stackRows(), noise("free")).array()) as number[][];
    const chosen = free.filter((row) => row.indexOf(Math.max(...row)) === 2);
    const ids = new Int32Array(rows).fill(2);
    const posterior = (await perturbTowards(stackRows(), ids, noise("posterior")).array()) as number[][];
    const meanOf = (list: number[][], at: number) =>
      list.reduce((total, row) => total + (row[at] ?? 0), 0) / list.length;
    expect(chosen.length).toBeGreaterThan(600);
    for (const at of [0, 1, 2, 3]) {
      // Standard errors: 1.2 / √900 and 1.2 / √4000.
      expect(Math.abs(meanOf(posterior, at) - meanOf(chosen, at))).toBeLessThan(0.15);
    }
  });

  it("stays finite for codes the model thought impossible", async () => {
    const extreme = tf.tensor2d([[0, -200, 80]]);
    const values = await perturbTowards(extreme, Int32Array.of(1), tf.tensor2d([[0, 0, 0]])).data();
    expect(values.every(Number.isFinite)).toBe(true);
    expect(values[1]).toBeGreaterThan(Math.max(values[0] ?? 0, values[2] ?? 0) - 1e-4);
  });

  it("gives the straight-through image the Jacobian of the noisy softmax over τ", async () => {
    const table = random([4, 3]) as tf.Tensor2D;
    const z = random([2, 4]) as tf.Tensor2D;
    const [ids, tau, g] = [Int32Array.of(3, 1), 0.7, random([2, 4]) as tf.Tensor2D];
    const upstream = random([2, 3]);
    const ones = Float32Array.of(1, 1);
    const columns = tf.transpose(table);
    const hard = (x: tf.Tensor) =>
      straightThroughEmbedding(x as tf.Tensor2D, table, columns, ids, ones, tau, g);
    expect(await hard(z).data()).toEqual(await tf.gather(table, tf.tensor1d(ids, "int32")).data());
    const actual = await tf
      .grad((x) => tf.sum(tf.mul(hard(x), upstream)))(z)
      .data();
    const shift = tf.sub(perturbTowards(z, ids, g), z);
    const soft = (x: tf.Tensor) => tf.matMul(tf.softmax(tf.div(tf.add(x, shift), tau)) as tf.Tensor2D, table);
    const expected = await tf
      .grad((x) => tf.sum(tf.mul(soft(x), upstream)))(z)
      .data();
    for (const [at, value] of expected.entries()) expect(actual[at]).toBeCloseTo(value, 5);
  });
});
