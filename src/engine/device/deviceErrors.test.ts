import { beforeAll, describe, expect, it } from "vitest";
import { catchDeviceErrors } from "./deviceErrors.ts";

/** Stands in for the browser's class, which Node lacks. */
class OutOfMemory extends Error {}

/** A device with a stack of scopes; errors go to the innermost scope of their kind. */
function createDevice() {
  const stack: { filter: string; error: object | null }[] = [];
  const device = {
    pushErrorScope: (filter: string) => stack.push({ filter, error: null }),
    popErrorScope: async () => stack.pop()?.error ?? null,
  };
  const report = (filter: string, error: { readonly message: string }) => {
    const scope = stack.findLast((open) => open.filter === filter);
    if (scope) scope.error ??= error;
  };
  return { device: device as unknown as GPUDevice, stack, report };
}

async function drain<R>(generator: AsyncGenerator<number, R>): Promise<{ yielded: number[]; result: R }> {
  const yielded: number[] = [];
  for (;;) {
    const next = await generator.next();
    if (next.done) return { yielded, result: next.value };
    yielded.push(next.value);
  }
}

describe("a device's errors within a piece of work", () => {
  beforeAll(() => {
    Object.assign(globalThis, { GPUOutOfMemoryError: globalThis.GPUOutOfMemoryError ?? OutOfMemory });
  });

  it("hands on events and result, and leaves no scope", async () => {
    const { device, stack } = createDevice();
    const work = catchDeviceErrors(device, async function* (check) {
      yield 1;
      await check();
      yield 2;
      return "done";
    });
    expect(await drain(work)).toEqual({ yielded: [1, 2], result: "done" });
    expect(stack).toEqual([]);
  });

  it("stops at the next check, and tells memory before what follows from it", async () => {
    const { device, stack, report } = createDevice();
    const reached: string[] = [];
    const work = catchDeviceErrors(device, async function* (check) {
      yield 1;
      report("validation", new Error("buffer is invalid"));
      report("out-of-memory", new GPUOutOfMemoryError("no memory"));
      reached.push("computed");
      await check();
      reached.push("written");
    });
    await expect(drain(work)).rejects.toMatchObject({ code: "outOfMemory" });
    expect(reached).toEqual(["computed"]);
    expect(stack).toEqual([]);
  });

  it("finds at the end what no check found", async () => {
    const { device, report } = createDevice();
    const work = catchDeviceErrors(device, async function* () {
      yield 1;
      report("internal", new Error("driver"));
      return "done";
    });
    await expect(drain(work)).rejects.toMatchObject({ code: "gpuError" });
  });

  it("explains a failure by the device's error, and passes on one that has none", async () => {
    const failing = (error: { readonly message: string } | null) => {
      const { device, stack, report } = createDevice();
      const work = catchDeviceErrors(device, async function* () {
        yield 1;
        if (error) report("out-of-memory", error);
        throw new TypeError("mapAsync failed");
      });
      return { ended: drain(work), stack };
    };
    const explained = failing(new GPUOutOfMemoryError("no memory"));
    await expect(explained.ended).rejects.toMatchObject({ code: "outOfMemory" });
    await expect(failing(null).ended).rejects.toThrow("mapAsync failed");
    expect(explained.stack).toEqual([]);
  });

  it("leaves no scope behind who stops listening", async () => {
    const { device, stack } = createDevice();
    let isClosed = false;
    const work = catchDeviceErrors(device, async function* () {
      try {
        yield 1;
        yield 2;
      } finally {
        isClosed = true;
      }
    });
    await work.next();
    expect(stack.length).toBe(3);
    await work.return(undefined);
    expect(stack).toEqual([]);
    expect(isClosed).toBe(true);
  });

  it("needs no device", async () => {
    const work = catchDeviceErrors(null, async function* (check) {
      await check();
      yield 1;
    });
    expect((await drain(work)).yielded).toEqual([1]);
  });
});
