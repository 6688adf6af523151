/** One uniform buffer for all dispatches of a submit: a slot each, written to the GPU in one piece before the submit. */

/** Slots lie this far apart: WebGPU's default alignment of dynamic offsets. */
const SLOT_BYTES = 256;

export class UniformSlots {
  readonly #bytes: Uint8Array;
  readonly #buffer: GPUBuffer;
  #used = 0;

  /** @param count slots, one for each dispatch that a submit may hold */
  constructor(device: GPUDevice, count: number) {
    this.#bytes = new Uint8Array(SLOT_BYTES * count);
    const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
    this.#buffer = device.createBuffer({ label: "unirl uniforms", size: this.#bytes.length, usage });
  }

  /** What a bind group binds; the slot is the dynamic offset. */
  get binding(): GPUBufferBinding {
    return { buffer: this.#buffer, size: SLOT_BYTES };
  }

  /** Keeps a dispatch's uniforms until the submit. @returns their dynamic offset */
  take(bytes: ArrayBuffer): number {
    const offset = this.#used * SLOT_BYTES;
    this.#bytes.set(new Uint8Array(bytes), offset);
    this.#used += 1;
    return offset;
  }

  /** Call right before the submit. */
  flush(queue: GPUQueue): void {
    if (this.#used > 0) queue.writeBuffer(this.#buffer, 0, this.#bytes, 0, this.#used * SLOT_BYTES);
    this.#used = 0;
  }

  dispose(): void {
    this.#buffer.destroy();
  }
}
