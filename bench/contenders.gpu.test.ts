/** Contenders do the same work, at sizes that a GPU which is a program has done in seconds. */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../src/cli/node/dawn.ts";
import { startNodeBackend } from "../src/cli/node/nodeBackend.ts";
import { closeBackend } from "../src/engine/device/backend.ts";
import type { TrainerBackend } from "../src/engine/device/trainerBackend.ts";
import { registerKernels } from "../src/engine/kernels/registerKernels.ts";
import { relativeError } from "../src/engine/kernels/relativeError.ts";
import { computeNothing } from "./computeNothing.ts";
import { planDrawingOps } from "./kernels/drawingOps.ts";
import { planOptimizer } from "./kernels/optimizer.ts";
import { planTrainingOps } from "./kernels/trainingOps.ts";
import { countOnly } from "./measure.ts";
import { OURS, STOCK } from "./names.ts";
import { type ModelSizes, SHOWO_HEAD_SIZE } from "./sizes.ts";
import { planLayer } from "./whole/layer.ts";

const hasDawn = (await openDawn()) !== null;
/** SwiftShader compiles each shader for a second or two. */
const TIMEOUT_MS = 240_000;

const SMALL: ModelSizes = {
  name: "small",
  images: 2,
  length: 9,
  width: 64,
  heads: 2,
  codes: 33,
  tokens: 4,
  rank: 2,
  layers: 1,
  side: 4,
  channels: 8,
};

const LAYER = planLayer("a layer", { rows: 5, width: SHOWO_HEAD_SIZE, rank: 2 });

describe.skipIf(!hasDawn)("contenders", { timeout: TIMEOUT_MS }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
    registerKernels();
    tf.engine().startScope();
  }, TIMEOUT_MS);
  afterAll(closeBackend);

  it.each([...planTrainingOps(SMALL), planOptimizer(SMALL), ...planDrawingOps(SMALL), LAYER])(
    "compute the same: $name",
    async ({ open }) => {
      const { contenders, differ = relativeError, tolerance = 1e-4, dispose } = await open();
      expect(contenders.map(({ name }) => name)).toEqual([OURS, STOCK]);
      const [ours, stock] = [await contenders[0]?.values?.(), await contenders[1]?.values?.()];
      expect(ours?.length).toBeGreaterThan(0);
      expect(differ(stock ?? [], ours ?? [])).toBeLessThanOrEqual(tolerance);
      // Nothing is chosen on a GPU that is a program, but asked for.
      await contenders[0]?.choose?.();
      dispose?.();
    },
  );

  it("are counted by program where nothing is computed", async () => {
    computeNothing(tf.backend() as unknown as TrainerBackend);
    const { dispose, ...benchmark } = await LAYER.open();
    const [ours, stock] = await countOnly({ name: "a layer", ...benchmark });
    dispose?.();
    for (const { counts, programs } of [ours, stock].flatMap((counted) => counted ?? [])) {
      const named = Object.values(programs).reduce((total, count) => total + count, 0);
      expect(named).toBe(counts.dispatches);
    }
    expect(ours?.programs).toHaveProperty("omniAttention", 1);
    expect(stock?.programs).not.toHaveProperty("omniAttention");
    expect(stock?.counts.dispatches).toBeGreaterThan(4 * (ours?.counts.dispatches ?? 0));
  });
});
