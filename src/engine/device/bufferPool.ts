/**
 * GPU buffers that are used again, in the place of tfjs's pool, which only grows: buffers of every size that ever
 * occurred stay until the end (spec/peers.md 2.1). Here the unused ones are bounded at all times, within a step too; those
 * that were not wanted for longest go first. Weights are as big as they are, and never in the bound.
 */

import { EngineError } from "../errors.ts";

/** What a buffer is for; only equal ones replace each other, since shaders see a buffer's whole length. */
function keyOf(size: number, usage: number): string {
  return `${size}/${usage}`;
}

/** Has the methods and fields that tfjs's backend uses of its own pool. */
export class BufferPool {
  /** Of buffers in use. */
  numBytesUsed = 0;
  /** Of buffers in use and kept. */
  numBytesAllocated = 0;
  /** Buffers made so far. */
  madeCount = 0;
  readonly #device: GPUDevice;
  readonly #maxFreeBytes: number;
  readonly #used = new Set<GPUBuffer>();
  /** Longest unused first. */
  readonly #free = new Set<GPUBuffer>();
  readonly #freeByKey = new Map<string, GPUBuffer[]>();

  /** @param maxFreeBytes unused bytes kept at most */
  constructor(device: GPUDevice, maxFreeBytes: number) {
    this.#device = device;
    this.#maxFreeBytes = maxFreeBytes;
  }

  /** @param mappedAtCreation of a new buffer; one used again is not mapped @param reuse a kept one will do */
  acquireBuffer(size: number, usage: GPUBufferUsageFlags, mappedAtCreation = false, reuse = true): GPUBuffer {
    const kept = reuse ? this.#freeByKey.get(keyOf(size, usage))?.pop() : undefined;
    if (kept) this.#free.delete(kept);
    const buffer = kept ?? this.#make(size, usage, mappedAtCreation);
    this.#used.add(buffer);
    this.numBytesUsed += size;
    return buffer;
  }

  /** Takes a buffer back; commands that use it were submitted. @param reuse keep it for others */
  releaseBuffer(buffer: GPUBuffer, reuse = true): void {
    // What a disposed pool gave out is gone already.
    if (!this.#used.delete(buffer)) return;
    this.numBytesUsed -= buffer.size;
    if (!reuse) {
      this.#destroy(buffer);
      return;
    }
    const key = keyOf(buffer.size, buffer.usage);
    const alike = this.#freeByKey.get(key);
    if (alike) alike.push(buffer);
    else this.#freeByKey.set(key, [buffer]);
    this.#free.add(buffer);
    this.#trim();
  }

  getNumUsedBuffers(): number {
    return this.#used.size;
  }

  getNumFreeBuffers(): number {
    return this.#free.size;
  }

  dispose(): void {
    for (const buffer of [...this.#used, ...this.#free]) buffer.destroy();
    this.#used.clear();
    this.#free.clear();
    this.#freeByKey.clear();
    this.numBytesUsed = 0;
    this.numBytesAllocated = 0;
  }

  /** @throws EngineError("outOfMemory") when no buffer of this device is so large */
  #make(size: number, usage: GPUBufferUsageFlags, mappedAtCreation: boolean): GPUBuffer {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.#device.limits;
    const largest = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    if (size > largest) {
      throw new EngineError(
        "outOfMemory",
        `A tensor of ${Math.ceil(size / 2 ** 20)} MiB is larger than a buffer of this GPU, which holds ${Math.floor(largest / 2 ** 20)}. Lower the group size or prompts per step.`,
        { size, largest },
      );
    }
    this.numBytesAllocated += size;
    this.madeCount += 1;
    return this.#device.createBuffer({ size, usage, mappedAtCreation });
  }

  #destroy(buffer: GPUBuffer): void {
    this.numBytesAllocated -= buffer.size;
    buffer.destroy();
  }

  #trim(): void {
    for (const buffer of this.#free) {
      if (this.numBytesAllocated - this.numBytesUsed <= this.#maxFreeBytes) return;
      this.#free.delete(buffer);
      const key = keyOf(buffer.size, buffer.usage);
      const alike = this.#freeByKey.get(key) ?? [];
      alike.splice(alike.indexOf(buffer), 1);
      if (alike.length === 0) this.#freeByKey.delete(key);
      this.#destroy(buffer);
    }
  }
}
