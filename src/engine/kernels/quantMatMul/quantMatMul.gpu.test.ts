import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { computeCase, expectCaseAgrees, type LinearCase, makeWeight, prepare } from "./linearCase.ts";

const hasDawn = (await openDawn()) !== null;

/** A busy machine takes its time to load tfjs. */
const BACKEND_TIMEOUT_MS = 60_000;

const span = (start: number, count: number) => ({ start, count });
const THIRDS = [span(0, 16), span(16, 16), span(32, 16)];

/** Dispatches in `body`. */
function dispatchesIn(body: () => void): number {
  const counters = () => (tf.backend() as TrainerBackend).counters();
  const before = counters().dispatches;
  tf.tidy(body);
  return counters().dispatches - before;
}

describe.skipIf(!hasDawn)("the linear layer on WebGPU, f32 weight", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  }, BACKEND_TIMEOUT_MS);
  afterAll(closeBackend);

  it.each([
    ["registers", 17, 64, 48, 8],
    ["registers", 63, 130, 5, 12],
    ["registers", 129, 96, 100, 16],
    ["registers", 9, 33, 1, 1],
    ["shared", 65, 96, 100, 4],
    ["shared", 129, 64, 48, 1],
    ["shared", 387, 96, 100, 8],
    // Sizes of no whole vectors take the other form.
    ["shared", 17, 33, 5, 4],
    ["few rows", 1, 64, 48, 8],
    ["few rows", 3, 130, 5, 16],
    ["few rows", 5, 33, 1, 4],
    ["few rows", 8, 96, 100, 1],
  ] as const)("%s: agrees with its twin at %i × %i → %i, rank %i", (form, rows, inSize, outSize, rank) =>
    expectCaseAgrees({
      rows,
      inSize,
      outSize,
      rank,
      format: "f32",
      variant: form === "registers" ? "registers" : "shared",
    }),
  );

  it.each([
    ["no adapter", { rank: 0 }, 1, 1],
    ["no bias", { hasBias: false }, 2, 4],
    ["an adapter that learns", {}, 2, 4],
    ["a frozen adapter", { isAdapterFrozen: true }, 2, 2],
    ["a constant input", { isConstant: true }, 2, 3],
    ["a residual", { hasResidual: true }, 2, 4],
    // Two more put the matrices together, unless a layer keeps them.
    ["three adapters and a residual", { spans: THIRDS, hasResidual: true }, 4, 4],
  ] as const)("%s: agrees, and takes the fewest dispatches", async (_, changes, forward, backward) => {
    const test: LinearCase = { rows: 17, inSize: 64, outSize: 48, rank: 8, format: "f32", ...changes };
    await expectCaseAgrees(test);
    const weight = makeWeight(test);
    const { inputs, run } = prepare(test, weight);
    const dy = tf.ones([17, 48]);
    expect(dispatchesIn(() => run(...inputs))).toBe(forward);
    expect(dispatchesIn(() => tf.grads(run)(inputs, dy))).toBe(forward + backward);
    weight.dispose();
  });

  it.each([
    ["registers", 63, 64, 48, THIRDS, 12],
    ["shared", 65, 64, 48, THIRDS, 1],
    ["shared", 129, 32, 48, [span(16, 16)], 4],
    // Columns of no whole vectors take the other form.
    ["registers", 17, 33, 13, [span(0, 3), span(5, 6), span(11, 1)], 9],
    ["shared", 9, 32, 48, [span(1, 2), span(6, 41)], 4],
    ["few rows", 1, 64, 48, THIRDS, 8],
    ["few rows", 3, 33, 13, [span(2, 3), span(5, 1)], 1],
  ] as const)("%s: adapters side by side agree at %i × %i → %i", (form, rows, inSize, outSize, spans, rank) =>
    expectCaseAgrees({
      rows,
      inSize,
      outSize,
      rank,
      spans,
      format: "f32",
      hasResidual: true,
      variant: form === "registers" ? "registers" : "shared",
    }),
  );

  it.each(["registers", "shared"] as const)("%s gives the same bits each time", async (variant) => {
    const test: LinearCase = { rows: 65, inSize: 96, outSize: 100, rank: 8, format: "f32", variant };
    const weight = makeWeight(test);
    const read = () => Promise.all(tf.tidy(() => computeCase(test, weight)).map((tensor) => tensor.data()));
    expect(await read()).toEqual(await read());
    weight.dispose();
  });
});
