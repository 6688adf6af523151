/** What a long run and a bad day ask of the GPU: memory that does not grow, no memory left, and a device that goes. */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../cli/node/dawn.ts";
import { folderReader } from "../../cli/node/files.ts";
import { startNodeBackend } from "../../cli/node/nodeBackend.ts";
import { decodeCheckpoint, encodeCheckpoint, restoreCheckpoint } from "../checkpoint/checkpoint.ts";
import { closeBackend, currentDevice, deviceMemory, explainFailure } from "../device/backend.ts";
import type { TrainerBackend } from "../device/trainerBackend.ts";
import type { UnifiedModel } from "../models/unified.ts";
import {
  drawPasses,
  NANO_CONFIG,
  nanoSource,
  openNano,
  readAdapter,
  updateOnce,
} from "./__fixtures__/nanoRun.ts";
import { createTrainerState, type TrainerEvent, type TrainerState, train } from "./trainer.ts";

const hasDawn = (await openDawn()) !== null;
const backend = () => tf.backend() as unknown as TrainerBackend;
const TIMEOUT_MS = 900_000;

type Kind = TrainerEvent["kind"];

/** Pulls until an event of this kind has come, and calls `then` before pulling on; ends with the next finished step. */
async function trainUntil(model: UnifiedModel, state: TrainerState, kind: Kind, then: () => void) {
  let isCalled = false;
  for await (const event of train({ model, ...nanoSource(), state })) {
    if (event.kind === kind && !isCalled) {
      isCalled = true;
      then();
    }
    if (event.kind === "stepFinished") return event.metrics;
  }
  throw new Error("Training ended by itself.");
}

/** What a read of a tensor's own buffer says, whatever the CPU remembers of it. */
async function readFresh(model: UnifiedModel): Promise<number[]> {
  const copies = model.adapterVariables().map(({ variable }) => tf.mul(variable, 1));
  const values = await Promise.all(copies.map((copy) => copy.data()));
  tf.dispose(copies);
  return values.flatMap((part) => [...part]);
}

describe.skipIf(!hasDawn)(
  "learning on the GPU, for long and until it breaks",
  { timeout: TIMEOUT_MS },
  () => {
    let model: UnifiedModel;
    let state: TrainerState;

    beforeAll(async () => {
      await startNodeBackend("webgpu");
      model = await openNano(folderReader("public/models/nano"));
      state = createTrainerState(model);
    });
    afterAll(closeBackend);

    it("holds as much after thirty updates as after ten, and makes nothing anew", async () => {
      const passes = await drawPasses(model);
      const measure = async () => {
        await backend().finishWork();
        const { numBytesInGPU: usedBytes } = tf.memory() as tf.MemoryInfo & { numBytesInGPU: number };
        const { numTensors, numBytes, gpuBytes } = deviceMemory();
        return { held: { numTensors, numBytes, usedBytes, pipelines: backend().pipelineCount }, gpuBytes };
      };
      let early = await measure();
      for (let update = 1; update <= 30; update++) {
        await updateOnce(model, state, passes);
        if (update === 10) early = await measure();
      }
      const late = await measure();
      expect(late.held).toEqual(early.held);
      // Where submits end follows the clock, and with it how many small buffers are under way at once.
      expect(late.gpuBytes).toBeLessThan(1.02 * (early.gpuBytes ?? 0));
      expect(backend().bindGroupCount).toBeLessThanOrEqual(8192);
    });

    it("writes nothing when the GPU ran out of memory, and goes on after it", async () => {
      const [adapter, { step }] = [await readFresh(model), state];
      const { updates } = state.optimizer;
      const { maxBufferSize } = backend().device.limits;
      const hoard: tf.Tensor[] = [];
      // As large as a buffer may be: more than SwiftShader has, and soon more than any GPU has.
      const exhaust = () => {
        for (let at = 0; at < 300; at++) hoard.push(tf.fill([maxBufferSize / 4], 1));
      };
      const failing = trainUntil(model, state, "groupsScored", exhaust);
      await expect(failing).rejects.toMatchObject({ code: "outOfMemory" });
      tf.dispose(hoard);
      expect(await readFresh(model)).toEqual(adapter);
      expect(state.step).toBe(step);
      expect(state.optimizer.updates).toBe(updates);
      await trainUntil(model, state, "groupsScored", () => {});
      expect(state.step).toBe(step + 1);
    });

    it("refuses a tensor that no buffer of the device holds", () => {
      const { maxBufferSize } = backend().device.limits;
      const make = () => tf.tidy(() => void tf.fill([maxBufferSize / 4 + 64], 1));
      expect(make).toThrowError(expect.objectContaining({ code: "outOfMemory" }));
    });

    it.each(["drawProgress", "learnProgress"] as const)(
      "takes up the last finished step when the device goes at %s",
      async (kind) => {
        const saved = await encodeCheckpoint(state, model, NANO_CONFIG);
        const [adapter, { step }] = [await readAdapter(model), state];
        const losing = trainUntil(model, state, kind, () => currentDevice()?.destroy());
        const thrown = await losing.catch((error: unknown) => error);
        // The promise of the loss may settle after what failed by it.
        await expect.poll(() => explainFailure(thrown)).toMatchObject({ code: "deviceLost" });

        await startNodeBackend("webgpu");
        model = await openNano(folderReader("public/models/nano"));
        state = createTrainerState(model);
        restoreCheckpoint(await decodeCheckpoint(saved), model, state);
        expect(state.step).toBe(step);
        expect(await readFresh(model)).toEqual(adapter);
        await trainUntil(model, state, "groupsScored", () => {});
        expect(state.step).toBe(step + 1);
        expect((await readFresh(model)).every(Number.isFinite)).toBe(true);
      },
    );
  },
);
