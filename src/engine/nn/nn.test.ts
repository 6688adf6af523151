import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNodeBackend } from "../../cli/node/nodeBackend.ts";
import { closeBackend } from "../device/backend.ts";
import { LowRankAdapter } from "../lora/adapter.ts";
import { quantiseMatrix } from "../quant/quantiseMatrix.ts";
import { createRng } from "../rng.ts";
import { Linear } from "./linear.ts";
import { takeRows } from "./takeRows.ts";
import { TrainableLinear } from "./trainableLinear.ts";

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

function setAdapter({ slots }: Linear, adapter: LowRankAdapter | null, at = 0): void {
  slots[at]?.setAdapter(adapter);
}

const adapterOf = (inSize: number, outSize: number) =>
  new LowRankAdapter(random([2, inSize]) as tf.Tensor2D, random([outSize, 2]) as tf.Tensor2D, 3);

describe("linear", () => {
  it("multiplies, adds the bias and the scaled adapter", async () => {
    const layer = new Linear(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor1d([10, 20]));
    expect(await layer.apply(tf.tensor2d([1, 1], [1, 2])).array()).toEqual([[14, 26]]);
    // x·Aᵀ = 1·1 + 1·2 = 3, times B = (1, −1), scale 4/1.
    setAdapter(layer, new LowRankAdapter(tf.tensor2d([1, 2], [1, 2]), tf.tensor2d([1, -1], [2, 1]), 4));
    expect(await layer.apply(tf.tensor2d([1, 1], [1, 2])).array()).toEqual([[26, 14]]);
    const copy = layer.frozenCopy();
    setAdapter(layer, null);
    expect(await copy.apply(tf.tensor2d([1, 1], [1, 2])).array()).toEqual([[26, 14]]);
    expect(copy.slots[0]?.adapter).toBeNull();
  });

  it("has the gradients of x, weight and bias", async () => {
    await expectGradients([random([3, 4]), random([4, 2]), random([2])], (x, weight, bias) =>
      new TrainableLinear([{ weight: weight as tf.Tensor2D, bias: bias as tf.Tensor1D }]).apply(
        x as tf.Tensor2D,
      ),
    );
  });

  it("has the gradients of x and both halves of the adapter", async () => {
    const layer = new Linear(random([4, 3]) as tf.Tensor2D, random([3]) as tf.Tensor1D);
    const adapter = new LowRankAdapter(random([2, 4]) as tf.Tensor2D, random([3, 2]) as tf.Tensor2D, 3);
    setAdapter(layer, adapter);
    const x = random([5, 4]) as tf.Tensor2D;
    await expectGradients([x], (moved) => layer.apply(moved as tf.Tensor2D));
    const weights = random([5, 3]);
    const objective = () => tf.sum(tf.mul(layer.apply(x, { isConstant: true }), weights)) as tf.Scalar;
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
    setAdapter(layer, new LowRankAdapter(tf.tensor2d([1, 0, 0], [1, 3]), tf.tensor2d([1, -1], [2, 1]), 3));
    const copy = layer.frozenCopy();
    layer.slots[0]?.adapter?.a.assign(tf.zeros([1, 3]));
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

describe("layers side by side", () => {
  const sizes = [3, 2, 4];
  const makeParts = () => sizes.map((outSize) => ({ weight: random([4, outSize]), bias: random([outSize]) }));
  const asLinears = (parts: ReturnType<typeof makeParts>) =>
    parts.map(
      ({ weight, bias }) => new Linear(tf.clone(weight) as tf.Tensor2D, tf.clone(bias) as tf.Tensor1D),
    );
  const closeTo = async (actual: tf.Tensor, expected: tf.Tensor) => {
    const [a, b] = [await actual.data(), await expected.data()];
    for (const [at, value] of b.entries()) expect(a[at]).toBeCloseTo(value, 5);
  };

  it("give what each gives, with adapters on some of them, and so does a copy when these are gone", async () => {
    const parts = makeParts();
    const [alone, joined] = [asLinears(parts), Linear.join(asLinears(parts))];
    expect(joined.slots.map(({ outSize }) => outSize)).toEqual(sizes);
    for (const at of [0, 2]) {
      const adapter = adapterOf(4, sizes[at] ?? 0);
      setAdapter(joined, new LowRankAdapter(adapter.a, adapter.b, 6), at);
      setAdapter(alone[at] as Linear, new LowRankAdapter(adapter.a, adapter.b, 6));
    }
    const [x, residual] = [random([5, 4]) as tf.Tensor2D, random([5, 9]) as tf.Tensor2D];
    const expected = tf.add(
      tf.concat(
        alone.map((layer) => layer.apply(x)),
        1,
      ),
      residual,
    );
    await closeTo(joined.apply(x, { residual }), expected);
    const copy = joined.frozenCopy();
    for (const slot of joined.slots) slot.setAdapter(null);
    await closeTo(copy.apply(x, { residual }), expected);
    expect((await tf.max(tf.abs(tf.sub(joined.apply(x, { residual }), expected))).data())[0]).toBeGreaterThan(
      0.1,
    );
  });

  it("see adapters that were moved", async () => {
    const joined = Linear.join(asLinears(makeParts()));
    for (const [at, outSize] of sizes.entries()) setAdapter(joined, adapterOf(4, outSize), at);
    const x = random([5, 4]) as tf.Tensor2D;
    const before = await joined.apply(x).data();
    const tensors = tf.memory().numTensors;
    joined.slots[1]?.adapter?.b.assign(tf.zeros([2, 2]));
    const after = await joined.apply(x).data();
    expect([...after.slice(0, 3)]).toEqual([...before.slice(0, 3)]);
    expect(after[3]).not.toBeCloseTo(before[3] ?? 0, 3);
    // The output, and the zeros above.
    expect(tf.memory().numTensors).toBe(tensors + 2);
  });

  it("of few bits give what each gives", async () => {
    const quantised = (outSize: number) =>
      Linear.ofMatrix(
        quantiseMatrix(rng.normal(outSize * 33), { outSize, inSize: 33 }, "int4"),
        tf.zeros([outSize]),
      );
    const layers = sizes.map(quantised);
    const x = random([2, 33]) as tf.Tensor2D;
    const expected = tf.concat(
      layers.map((layer) => layer.apply(x)),
      1,
    );
    await closeTo(Linear.join(layers).apply(x), expected);
    expect(() => Linear.join([quantised(2), new Linear(tf.zeros([33, 2]), tf.zeros([2]))])).toThrow(
      "one format",
    );
  });

  it("learn on the tape what each would learn", async () => {
    const parts = makeParts();
    const flat = parts.flatMap(({ weight, bias }) => [weight, bias]);
    await expectGradients([random([3, 4]), ...flat], (x, ...given) => {
      const layers = sizes.map((_, at) => ({
        weight: given[2 * at] as tf.Tensor2D,
        bias: given[2 * at + 1] as tf.Tensor1D,
      }));
      return new TrainableLinear(layers).apply(x as tf.Tensor2D);
    });
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
