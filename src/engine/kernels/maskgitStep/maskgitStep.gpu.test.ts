import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { createRng } from "../../rng.ts";
import { withTwins } from "../defineOp.ts";
import { compareDecodings, type Decoding } from "./__fixtures__/decodeOracle.ts";
import { type MaskgitState, maskgitStep, toImageIds } from "./maskgitStep.ts";

const hasDawn = (await openDawn()) !== null;
/** A busy machine takes its time to load tfjs. */
const BACKEND_TIMEOUT_MS = 60_000;

/** τ starts high enough that codes decided before can fall below the cut, as the plain numbers allow. */
const DECODINGS: readonly (Decoding & { readonly name: string })[] = [
  { name: "one of everything", images: 1, tokens: 1, codebook: 1, steps: 2, temperature: 1, reach: 1 },
  { name: "odd sizes", images: 3, tokens: 67, codebook: 65, steps: 8, temperature: 1, reach: 2 },
  { name: "few codes, loud noise", images: 2, tokens: 100, codebook: 7, steps: 5, temperature: 60, reach: 3 },
  { name: "flat logits", images: 4, tokens: 64, codebook: 512, steps: 6, temperature: 1, reach: 0.01 },
  { name: "steep logits", images: 4, tokens: 64, codebook: 256, steps: 6, temperature: 1, reach: 30 },
];

interface Start {
  readonly logits: tf.Tensor3D;
  readonly state: MaskgitState;
  readonly noise: { readonly uniforms: tf.Tensor2D; readonly gumbel: tf.Tensor2D };
}

function start(images: number, tokens: number, values: Float32Array): Start {
  const shape: [number, number] = [images, tokens];
  const rng = createRng("maskgit start", images, tokens);
  return {
    logits: tf.tensor3d(values, [...shape, values.length / (images * tokens)]),
    state: {
      codes: tf.fill(shape, -1, "int32") as tf.Tensor2D,
      faults: tf.zeros<tf.Rank.R1>([images], "int32"),
    },
    noise: {
      uniforms: tf.tensor2d(rng.uniforms(images * tokens), shape),
      gumbel: tf.tensor2d(rng.gumbel(images * tokens), shape),
    },
  };
}

describe.skipIf(!hasDawn)("MaskGIT steps on WebGPU", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  }, BACKEND_TIMEOUT_MS);
  afterAll(closeBackend);

  it.each(DECODINGS)("$name: decodes like the model's plain numbers", async (decoding) => {
    const before = tf.memory().numTensors;
    const { compared, sampled, codes } = await compareDecodings(decoding);
    expect(compared).toBe(decoding.images * decoding.tokens * decoding.steps);
    // Where rounding moves the border between two codes across the uniform.
    expect(sampled).toBeLessThanOrEqual(compared / 1000);
    expect(codes).toBeLessThanOrEqual(compared / 1000);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("breaks ties as a sorted list does, and agrees with its twin", async () => {
    const before = tf.memory().numTensors;
    // Thirty positions where all nine codes are alike, then twenty that are certain of the first.
    const values = new Float32Array(2 * 50 * 9).map((_, at) =>
      at % 9 === 0 && (at / 9) % 50 >= 30 ? 20 : 0,
    );
    const { logits, state, noise } = start(2, 50, values);
    // The score at rank 21 is that of the thirty, and none is below it; that at rank 30 is the others'.
    for (const [scheduledHidden, expectedHidden] of [
      [21, 0],
      [30, 60],
    ] as const) {
      const numbers = { temperature: 0, scheduledHidden };
      const actual = maskgitStep(logits, state, noise, numbers);
      const expected = withTwins(() => maskgitStep(logits, state, noise, numbers));
      const codes = Array.from(await actual.state.codes.data());
      expect(codes.filter((code) => code < 0).length).toBe(expectedHidden);
      expect(codes).toEqual(Array.from(await expected.state.codes.data()));
      expect(await actual.sampled.array()).toEqual(await expected.sampled.array());
      for (const { state: made, sampled } of [actual, expected])
        tf.dispose([made.codes, made.faults, sampled]);
    }
    tf.dispose([logits, state.codes, state.faults, noise.uniforms, noise.gumbel]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("remembers that an image's logits held %s", async (bad) => {
    const values = new Float32Array(3 * 5 * 70);
    values[5 * 70 + 2 * 70 + 69] = bad;
    const { logits, state, noise } = start(3, 5, values);
    const numbers = { temperature: 1, scheduledHidden: 2 };
    const broken = maskgitStep(logits, state, noise, numbers);
    expect(await broken.state.faults.array()).toEqual([0, 1, 0]);
    expect((await broken.sampled.array())[1]?.[2]).toBe(-1);
    const healed = maskgitStep(tf.zerosLike(logits), broken.state, noise, numbers);
    expect(await healed.state.faults.array()).toEqual([0, 1, 0]);
  });

  it("takes −∞ for a code that cannot be, unless all are", async () => {
    const never = Number.NEGATIVE_INFINITY;
    const { logits, state, noise } = start(2, 1, Float32Array.from([never, 3, never, never, never, never]));
    const step = maskgitStep(logits, state, noise, { temperature: 1, scheduledHidden: 0 });
    expect(await step.sampled.array()).toEqual([[1], [-1]]);
    expect(await step.state.faults.array()).toEqual([0, 1]);
  });

  it("needs two dispatches and no readback; ids one", async () => {
    const { logits, state, noise } = start(2, 9, createRng("counted").normal(2 * 9 * 33));
    const backend = tf.backend() as unknown as TrainerBackend;
    const before = backend.counters();
    const next = maskgitStep(logits, state, noise, { temperature: 1, scheduledHidden: 4 });
    const ids = toImageIds(next.state.codes, { offset: 1000, mask: 7, before: 3, after: 4 });
    const after = backend.counters();
    expect(after.dispatches - before.dispatches).toBe(3);
    expect(after.readbacks).toBe(before.readbacks);
    const codes = Array.from(await next.state.codes.data());
    const shown = codes.map((code) => (code < 0 ? 7 : code + 1000));
    expect(Array.from(await ids.data())).toEqual([3, ...shown.slice(0, 9), 4, 3, ...shown.slice(9), 4]);
    expect(codes).toContain(-1);
  });
});
