import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { AdamW } from "../../optim/adamw.ts";
import { withTwins } from "../defineOp.ts";
import { randomTensor, relativeError } from "../oracle.ts";
import type { AdamWOptions } from "./twin.ts";

const hasDawn = (await openDawn()) !== null;
/** A busy machine takes its time to load tfjs. */
const BACKEND_TIMEOUT_MS = 60_000;

/** Thirteen: neither seven nor six divide it, and no size is a multiple of a workgroup's. */
const SHAPES = [
  [8, 33],
  [33, 8],
  [1],
  [129],
  [2, 2],
  [5, 77],
  [],
  [8, 16],
  [700],
  [3],
  [64, 3],
  [1, 1],
  [255],
];
const OPTIONS: AdamWOptions = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1 };

const backend = () => tf.backend() as unknown as TrainerBackend;

interface Trained {
  readonly parameters: tf.Variable[];
  readonly optimizer: AdamW;
}

function begin(): Trained {
  const parameters = SHAPES.map((shape, at) =>
    tf.tidy(() => tf.variable(randomTensor(`parameter ${at}`, shape) as tf.Tensor)),
  );
  const named = parameters.map((variable, at) => ({ name: `w${at}`, variable }));
  return { parameters, optimizer: new AdamW(named, OPTIONS) };
}

function end({ parameters, optimizer }: Trained): void {
  tf.dispose(parameters);
  optimizer.dispose();
}

/** Gradients of one pass. @param skipped the parameter that gets none */
function gradientsOf({ parameters }: Trained, pass: string, skipped = -1): tf.NamedTensorMap {
  const named = parameters.map((held, at) => [held.name, randomTensor(`${pass} ${at}`, held.shape)] as const);
  const kept = named.filter((_, at) => {
    if (at === skipped) named[at]?.[1].dispose();
    return at !== skipped;
  });
  return Object.fromEntries(kept);
}

/** Two passes and an update. @returns the squared norms */
function step(trained: Trained, update: number, skipped = -1): tf.Tensor1D {
  const sum = trained.optimizer.startSum();
  sum.add(gradientsOf(trained, `first ${update}`, skipped));
  sum.add(gradientsOf(trained, `second ${update}`, skipped));
  const norms = sum.squaredNorms();
  trained.optimizer.update(sum, 0.01, 0.3);
  sum.dispose();
  return norms;
}

/** All values that updates write: parameters, then first and second moments. */
async function stateOf({ parameters, optimizer }: Trained): Promise<number[][]> {
  const views = [...optimizer.moments().values()].flatMap(({ first, second }) => [first, second]);
  const reads = [...parameters.map((held) => held.data<"float32">()), ...views.map((view) => view.data())];
  return (await Promise.all(reads)).map((values) => Array.from(values));
}

describe.skipIf(!hasDawn)("AdamW on WebGPU", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  }, BACKEND_TIMEOUT_MS);
  afterAll(closeBackend);

  it("sums, norms, parameters and moments agree with the twin's over three updates", async () => {
    const before = tf.memory().numTensors;
    const [shader, twin] = [begin(), begin()];
    for (const update of [1, 2, 3]) {
      const actual = step(shader, update, update === 2 ? 4 : -1);
      const expected = withTwins(() => step(twin, update, update === 2 ? 4 : -1));
      expect(relativeError(await actual.data(), await expected.data())).toBeLessThan(1e-6);
      tf.dispose([actual, expected]);
      const [got, wanted] = [await stateOf(shader), await stateOf(twin)];
      expect(got.length).toBe(3 * SHAPES.length);
      for (const [at, values] of got.entries())
        expect(relativeError(values, wanted[at] ?? [])).toBeLessThan(2e-6);
    }
    end(shader);
    end(twin);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("leaves a parameter without a gradient alone, to the bit", async () => {
    const trained = begin();
    step(trained, 1).dispose();
    const before = await stateOf(trained);
    step(trained, 2, 5).dispose();
    const after = await stateOf(trained);
    const moments = SHAPES.length + 2 * 5;
    const same = after.flatMap((values, at) => (values.join() === before[at]?.join() ? [at] : []));
    expect(same).toEqual([5, moments, moments + 1]);
    end(trained);
  });

  it("writes in place, but never into what shares a buffer", async () => {
    const trained = begin();
    const start = await stateOf(trained);
    const snapshot = trained.optimizer.snapshot();
    step(trained, 1).dispose();
    const ids = trained.parameters.map((held) => held.dataId);
    const first = await stateOf(trained);
    step(trained, 2).dispose();
    expect(trained.parameters.map((held) => held.dataId)).toEqual(ids);
    expect(await stateOf(trained)).not.toEqual(first);
    snapshot.restore();
    snapshot.dispose();
    expect(await stateOf(trained)).toEqual(start);
    end(trained);
  });

  it("takes moments back and goes on as if never stopped", async () => {
    const [source, resumed] = [begin(), begin()];
    step(source, 1).dispose();
    const state = await stateOf(source);
    const views = [...resumed.optimizer.moments().values()].flatMap(({ first, second }) => [first, second]);
    const targets = [...resumed.parameters, ...views];
    for (const [at, target] of targets.entries()) {
      const values = tf.tensor(state[at] ?? [], [...target.shape]);
      target.assign(values);
      values.dispose();
    }
    resumed.optimizer.updates = 1;
    for (const trained of [source, resumed]) step(trained, 2).dispose();
    expect(await stateOf(resumed)).toEqual(await stateOf(source));
    end(source);
    end(resumed);
  });

  it("shows NaN and infinities in the norm of their tensor only", async () => {
    const trained = begin();
    const sum = trained.optimizer.startSum();
    const gradients = gradientsOf(trained, "bad");
    const [, , , wide, square] = trained.parameters.map((held) => held.name);
    for (const [name, bad] of [
      [wide, Number.NaN],
      [square, Number.POSITIVE_INFINITY],
    ] as const) {
      const old = gradients[name ?? ""] as tf.Tensor;
      gradients[name ?? ""] = tf.tidy(() => tf.mul(old, bad));
      old.dispose();
    }
    sum.add(gradients);
    const norms = sum.squaredNorms();
    const finite = Array.from(await norms.data(), Number.isFinite);
    expect(finite).toEqual(SHAPES.map((_, at) => at !== 3 && at !== 4));
    norms.dispose();
    sum.dispose();
    end(trained);
  });

  it("needs few dispatches and one readback for all moments", async () => {
    const trained = begin();
    step(trained, 1).dispose();
    const before = backend().counters();
    step(trained, 2).dispose();
    const { dispatches } = backend().counters();
    // Two passes of ⌈13/7⌉, the norms, ⌈13/6⌉ of the update.
    expect(dispatches - before.dispatches).toBe(2 * 2 + 1 + 3);
    const views = [...trained.optimizer.moments().values()];
    await Promise.all(views.map(({ second }) => second.data()));
    expect(backend().counters().readbacks - before.readbacks).toBe(1);
    end(trained);
  });
});
