import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend, compileAhead, settleKernelChoices } from "../../device/backend.ts";
import { KernelChoices } from "../../device/kernelChoices.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { expectTwinAgrees, randomTensor } from "../oracle.ts";
import { expectCaseAgrees } from "./linearCase.ts";
import { quantLinear } from "./quantMatMul.ts";

const hasDawn = (await openDawn()) !== null;
const backend = () => tf.backend() as unknown as TrainerBackend;

describe.skipIf(!hasDawn)("the wide product's variant", { timeout: 300_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  });
  afterAll(closeBackend);

  const linear = () => {
    const x = randomTensor<tf.Rank.R2>("x", [40, 16]);
    const weight = randomTensor<tf.Rank.R2>("weight", [16, 24]);
    return [tf.grad((input) => tf.sum(tf.square(quantLinear(input as tf.Tensor2D, weight, null, []))))(x)];
  };
  const compile = () => compileAhead(async () => tf.dispose(tf.tidy(linear)));

  it.each([
    ["f32", 1],
    ["f32", 5],
    ["int4", 1],
    ["int4", 3],
    ["int8", 8],
  ] as const)("adds few rows up with and without subgroups: %s, %i", async (format, rows) => {
    const test = { rows, inSize: 192, outSize: 40, rank: 4, format };
    const own = backend().features;
    await expectCaseAgrees(test);
    Object.assign(backend(), { features: new Set() });
    await expectCaseAgrees(test);
    Object.assign(backend(), { features: own });
  });

  it("is fixed on a GPU that is a program on the CPU", async () => {
    if (!backend().isSoftware) return;
    await compile();
    const saved: unknown[] = [];
    await settleKernelChoices({ load: async () => ({}), save: async (...kept) => void saved.push(kept) });
    expect(saved).toEqual([]);
  });

  it("is timed where it is open, forward and backward, leaves nothing, and is right whatever it is", async () => {
    // As if this were a GPU worth timing.
    Object.assign(backend(), { choices: new KernelChoices(false) });
    await compile();
    const { numTensors, numDataBuffers } = tf.memory();
    const saved: Record<string, string>[] = [];
    const store = {
      load: async () => ({}),
      save: async (_: string, kept: object) => void saved.push({ ...kept }),
    };
    await settleKernelChoices(store);
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
    const names = Object.keys(saved[0] ?? {});
    expect(names.map((name) => name.replace(/#.*/, ""))).toEqual([
      "quantMatMul/f32/true/true/false/false/0/16/24/6",
      "quantMatMul/f32/false/true/false/false/0/24/16/6",
    ]);
    for (const answer of ["registers", "shared"]) {
      const fixed = {
        load: async () => Object.fromEntries(names.map((name) => [name, answer])),
        save: store.save,
      };
      Object.assign(backend(), { choices: new KernelChoices(false) });
      await compile();
      await settleKernelChoices(fixed);
      await expectTwinAgrees(linear);
    }
    expect(saved.length).toBe(1);
  });
});
