import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { expectTwinAgrees, randomTensor } from "../oracle.ts";
import { conv3x3 } from "./conv3x3.ts";

const hasDawn = (await openDawn()) !== null;
/** A busy machine takes its time to load tfjs. */
const BACKEND_TIMEOUT_MS = 60_000;

/** B, H, W, I, O. The last keeps tfjs's kernel. */
const SHAPES: readonly (readonly [number, number, number, number, number])[] = [
  [1, 1, 1, 4, 4],
  [2, 5, 7, 8, 12],
  [3, 2, 9, 12, 4],
  [1, 9, 1, 20, 8],
  [1, 17, 16, 64, 32],
  [2, 6, 5, 3, 8],
];

describe.skipIf(!hasDawn)("conv3x3 on WebGPU", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  }, BACKEND_TIMEOUT_MS);
  afterAll(closeBackend);

  function inputsOf([images, height, width, from, to]: (typeof SHAPES)[number]) {
    return [
      randomTensor<tf.Rank.R4>("x", [images, height, width, from]),
      randomTensor<tf.Rank.R4>("filter", [3, 3, from, to]),
      randomTensor<tf.Rank.R1>("bias", [to]),
    ] as const;
  }

  it.each(SHAPES)("agrees with its twin for %i × %i × %i, %i to %i channels", (...shape) =>
    expectTwinAgrees(() => [conv3x3(...inputsOf(shape))]),
  );

  it("needs one dispatch", () => {
    const inputs = inputsOf([1, 4, 4, 4, 4]);
    const backend = tf.backend() as unknown as TrainerBackend;
    const before = backend.counters().dispatches;
    const y = conv3x3(...inputs);
    expect(backend.counters().dispatches - before).toBe(1);
    tf.dispose([...inputs, y]);
  });
});
