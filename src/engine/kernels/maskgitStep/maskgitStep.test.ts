import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { compareDecodings } from "./__fixtures__/decodeOracle.ts";
import { maskgitStep, toImageIds } from "./maskgitStep.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const none = () => tf.zeros<tf.Rank.R1>([1], "int32");

describe("maskgitStep", () => {
  it("draws by inversion, keeps what is known and hides the least certain", async () => {
    const log = Math.log;
    // Cumulative sums .2 .5 1, then .9 .95 1, then .25 .5 1.
    const logits = tf.tensor3d(
      [log(0.2), log(0.3), log(0.5), log(0.9), log(0.05), log(0.05), log(0.25), log(0.25), log(0.5), 0, 0, 0],
      [1, 4, 3],
    );
    const codes = tf.tensor2d([[-1, -1, -1, 2]], [1, 4], "int32");
    const uniforms = tf.tensor2d([[0.3, 0.1, 0.6, 0]]);
    const gumbel = tf.zeros<tf.Rank.R2>([1, 4]);
    const numbers = { temperature: 1, scheduledHidden: 1 };
    const { state, sampled } = maskgitStep(logits, { codes, faults: none() }, { uniforms, gumbel }, numbers);
    // Probabilities .3, .9, .5: the first is the least certain.
    expect(await sampled.array()).toEqual([[1, 0, 2, 2]]);
    expect(await state.codes.array()).toEqual([[-1, 0, 2, 2]]);
    expect(await state.faults.array()).toEqual([0]);
  });

  it("lets noise overrule certainty, as far as its temperature goes", async () => {
    const logits = tf.zeros<tf.Rank.R3>([1, 3, 2]);
    const codes = tf.fill([1, 3], -1, "int32") as tf.Tensor2D;
    const uniforms = tf.tensor2d([[0.1, 0.6, 0.1]]);
    const gumbel = tf.tensor2d([[0, -1, 1]]);
    const step = (temperature: number, scheduledHidden: number) =>
      maskgitStep(
        logits,
        { codes, faults: none() },
        { uniforms, gumbel },
        { temperature, scheduledHidden },
      ).state.codes.array();
    expect(await step(1, 1)).toEqual([[0, -1, 0]]);
    expect(await step(1, 2)).toEqual([[-1, -1, 0]]);
    // Equal scores: none is strictly below the one at the rank.
    expect(await step(0, 1)).toEqual([[0, 1, 0]]);
  });

  it("tells of logits that give no distribution, in hidden positions only", async () => {
    const logits = tf.tensor3d([Number.NaN, 0, 1, 0, 1, 0, 0, Number.POSITIVE_INFINITY], [2, 2, 2]);
    const codes = tf.tensor2d([1, -1, -1, -1], [2, 2], "int32");
    const zeros = tf.zeros<tf.Rank.R2>([2, 2]);
    const faults = tf.zeros<tf.Rank.R1>([2], "int32");
    const { state, sampled } = maskgitStep(
      logits,
      { codes, faults },
      { uniforms: zeros, gumbel: zeros },
      { temperature: 0, scheduledHidden: 0 },
    );
    expect(await state.faults.array()).toEqual([0, 1]);
    expect((await sampled.array())[1]?.[1]).toBe(-1);
  });

  it("decodes like the model's plain numbers", async () => {
    const decoding = { images: 3, tokens: 37, codebook: 61, steps: 6, temperature: 2, reach: 2 };
    const { compared, sampled, codes } = await compareDecodings(decoding);
    expect(compared).toBe(3 * 37 * 6);
    expect([sampled, codes]).toEqual([0, 0]);
  });

  it("refuses noise of other images", () => {
    const codes = tf.fill([1, 3], -1, "int32") as tf.Tensor2D;
    const [uniforms, gumbel] = [tf.zeros<tf.Rank.R2>([1, 2]), tf.zeros<tf.Rank.R2>([1, 3])];
    const numbers = { temperature: 1, scheduledHidden: 1 };
    const step = () =>
      maskgitStep(tf.zeros([1, 3, 2]), { codes, faults: none() }, { uniforms, gumbel }, numbers);
    expect(step).toThrow("same images");
  });
});

describe("toImageIds", () => {
  it("shifts codes, names what is hidden and puts markers around", async () => {
    const codes = tf.tensor2d([0, 5, -1, 7], [2, 2], "int32");
    const ids = toImageIds(codes, { offset: 100, mask: 42, before: 1, after: 2 });
    expect(ids.dtype).toBe("int32");
    expect(await ids.array()).toEqual([
      [1, 100, 105, 2],
      [1, 42, 107, 2],
    ]);
  });
});
