import { beforeEach, describe, expect, it } from "vitest";
import { BufferPool } from "./bufferPool.ts";

/** A device whose buffers are plain records. */
function createDevice() {
  const destroyed: number[] = [];
  const device = {
    limits: { maxBufferSize: 4000, maxStorageBufferBindingSize: 2000 },
    createBuffer: ({ size, usage, mappedAtCreation }: GPUBufferDescriptor) => ({
      size,
      usage,
      mapState: mappedAtCreation ? "mapped" : "unmapped",
      destroy: () => destroyed.push(size),
    }),
  };
  return { device: device as unknown as GPUDevice, destroyed };
}

const STORAGE = 128;

describe("buffer pool", () => {
  let stage: ReturnType<typeof createDevice>;
  let pool: BufferPool;

  beforeEach(() => {
    stage = createDevice();
    pool = new BufferPool(stage.device, 100);
  });

  it("gives a buffer out again to who wants exactly its size and use", () => {
    const first = pool.acquireBuffer(40, STORAGE);
    pool.releaseBuffer(first);
    expect(pool.acquireBuffer(36, STORAGE)).not.toBe(first);
    expect(pool.acquireBuffer(40, STORAGE + 1)).not.toBe(first);
    expect(pool.acquireBuffer(40, STORAGE)).toBe(first);
    expect(pool).toMatchObject({ numBytesUsed: 116, numBytesAllocated: 116, madeCount: 3 });
  });

  it("maps a new buffer when asked, and makes one where reuse is not wanted", () => {
    const first = pool.acquireBuffer(8, STORAGE, true);
    expect(first.mapState).toBe("mapped");
    pool.releaseBuffer(first);
    expect(pool.acquireBuffer(8, STORAGE, true, false)).not.toBe(first);
  });

  it("keeps unused buffers up to its bound, and lets go of those unwanted longest", () => {
    const sizes = [30, 31, 32, 33];
    const buffers = sizes.map((size) => pool.acquireBuffer(size, STORAGE));
    expect(pool.numBytesAllocated).toBe(126);
    for (const buffer of buffers.slice(0, 3)) pool.releaseBuffer(buffer);
    expect(stage.destroyed).toEqual([]);
    // The first is wanted once more, so the second is the oldest when room is needed.
    const again = pool.acquireBuffer(30, STORAGE);
    pool.releaseBuffer(again);
    pool.releaseBuffer(buffers[3] as GPUBuffer);
    expect(stage.destroyed).toEqual([31]);
    expect(pool).toMatchObject({ numBytesUsed: 0, numBytesAllocated: 95 });
    expect(pool.getNumFreeBuffers()).toBe(3);
  });

  it("never counts what is in use, and keeps nothing larger than its bound", () => {
    const weight = pool.acquireBuffer(1000, STORAGE);
    pool.releaseBuffer(pool.acquireBuffer(60, STORAGE));
    expect(stage.destroyed).toEqual([]);
    expect(pool).toMatchObject({ numBytesUsed: 1000, numBytesAllocated: 1060 });
    pool.releaseBuffer(weight);
    expect(stage.destroyed).toEqual([60, 1000]);
  });

  it("says that a tensor is too large for any buffer", () => {
    expect(() => pool.acquireBuffer(2001, STORAGE)).toThrowError(
      expect.objectContaining({ code: "outOfMemory" }),
    );
    expect(pool).toMatchObject({ numBytesUsed: 0, numBytesAllocated: 0 });
  });

  it("destroys at once what is not to be kept, and everything at the end", () => {
    const [a, b] = [pool.acquireBuffer(10, STORAGE), pool.acquireBuffer(20, STORAGE)];
    pool.releaseBuffer(a, false);
    expect(stage.destroyed).toEqual([10]);
    pool.dispose();
    expect(stage.destroyed).toEqual([10, 20]);
    expect(pool.numBytesAllocated).toBe(0);
    // tfjs may dispose of tensors after its backend.
    pool.releaseBuffer(b);
    expect(stage.destroyed).toEqual([10, 20]);
  });
});
