import { describe, expect, it } from "vitest";
import { GpuClock } from "./gpuClock.ts";

/** A device without timestamps, whose queue is done when it is told to. */
function createDevice() {
  const waiting: (() => void)[] = [];
  const queue = { onSubmittedWorkDone: () => new Promise<void>((resolve) => waiting.push(resolve)) };
  const device = { features: new Set(), queue } as unknown as GPUDevice;
  return {
    device,
    finish: () => {
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}

const ENCODER = {} as GPUCommandEncoder;

describe("timing a GPU that has no timestamps", () => {
  it("times submits by the queue, and knows the last one's time once settled", async () => {
    const { device, finish } = createDevice();
    const timed: [number | undefined, number][] = [];
    const clock = new GpuClock(device, {
      passTimed: () => expect.unreachable("there is nothing to time passes by"),
      submitTimed: (submit, ms) => timed.push([submit.get("sum"), ms]),
    });
    expect(clock.hasTimestamps).toBe(false);
    clock.beforeSubmit(ENCODER, new Map([["sum", 3]]), false)();
    clock.beforeSubmit(ENCODER, new Map([["sum", 2]]), true)();
    const settling = clock.settle();
    finish();
    await settling;
    // A thread that hears of both at once takes them for one.
    expect(timed.map(([count]) => count)).toEqual([5]);
    expect(timed[0]?.[1]).toBeGreaterThanOrEqual(0);
  });
});
