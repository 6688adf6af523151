import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { expectTwinAgrees, randomTensor } from "../oracle.ts";
import { tokenLoss } from "./tokenLoss.ts";

const hasDawn = (await openDawn()) !== null;

describe.skipIf(!hasDawn)("the loss of tokens on WebGPU", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  });
  afterAll(closeBackend);

  function compute(
    samples: number,
    count: number,
    options: { sft: boolean; reference: boolean; old: boolean },
  ) {
    const shape = [samples, count];
    const isCounted = Array.from({ length: samples * count }, (_, at) =>
      at % 3 === 1 || at < count ? 0 : 1,
    );
    const given = {
      weights: tf.tensor(isCounted, shape),
      signals: randomTensor("signals", [samples]),
      ...(options.reference ? { reference: randomTensor("reference", shape, 1) } : {}),
      ...(options.old ? { old: randomTensor("old", shape, 0.5) } : {}),
    };
    const clip = { low: 0.2, high: 0.28 };
    const objective = options.sft ? ("sft" as const) : ("grpo" as const);
    const run = (l: tf.Tensor) =>
      tokenLoss({ ...given, logProbs: l }, { objective, klWeight: 0.3, clip, share: 0.125 });
    const l = randomTensor("l", shape, 0.5);
    const { loss, sums } = run(l);
    return [loss, sums, tf.grad((x) => tf.mul(run(x).loss, 3))(l)];
  }

  it.each([
    [1, 1, { sft: false, reference: false, old: false }],
    [3, 17, { sft: true, reference: true, old: false }],
    [8, 65, { sft: false, reference: true, old: true }],
    [17, 63, { sft: false, reference: false, old: true }],
    [129, 3, { sft: false, reference: true, old: false }],
    // More samples than threads.
    [387, 2, { sft: false, reference: true, old: true }],
  ])("agrees with its twin: %i samples of %i tokens, %o", (samples, count, options) =>
    expectTwinAgrees(() => compute(samples, count, options)),
  );

  it("takes one dispatch, and one for its gradient", () => {
    const backend = tf.backend() as unknown as TrainerBackend;
    const before = backend.counters().dispatches;
    tf.tidy(() => {
      const weights = tf.tensor2d([1, 1, 1, 0, 1, 1], [2, 3]);
      const signals = tf.tensor1d([1, -1]);
      const options = { objective: "grpo" as const, klWeight: 0, clip: { low: 0.2, high: 0.2 }, share: 1 };
      tf.grad((l) => tokenLoss({ logProbs: l, weights, signals }, options).loss)(randomTensor("l", [2, 3]));
    });
    expect(backend.counters().dispatches - before).toBe(2);
  });
});
