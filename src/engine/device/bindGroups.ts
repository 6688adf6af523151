/** Bind groups by what they bind, made once. */

/** Those of buffers that are gone are never found again, and dropped with all others when there are so many. */
const MAX_GROUPS = 8192;

export class BindGroups {
  readonly #device: GPUDevice;
  readonly #groups = new Map<string, GPUBindGroup>();
  /** Numbers that name buffers and layouts in the keys. */
  readonly #ids = new WeakMap<object, number>();
  #nextId = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  get count(): number {
    return this.#groups.size;
  }

  /** @param buffers in binding order @param uniforms bound after them */
  of(
    layout: GPUBindGroupLayout,
    buffers: readonly GPUBuffer[],
    uniforms: GPUBufferBinding | null,
  ): GPUBindGroup {
    const key = [this.#idOf(layout), ...buffers.map((buffer) => this.#idOf(buffer))].join();
    const known = this.#groups.get(key);
    if (known) return known;
    const resources: GPUBindingResource[] = buffers.map((buffer) => ({ buffer }));
    if (uniforms) resources.push(uniforms);
    const entries = resources.map((resource, binding) => ({ binding, resource }));
    const made = this.#device.createBindGroup({ layout, entries });
    if (this.#groups.size >= MAX_GROUPS) this.#groups.clear();
    this.#groups.set(key, made);
    return made;
  }

  #idOf(held: GPUBuffer | GPUBindGroupLayout): number {
    const known = this.#ids.get(held);
    if (known !== undefined) return known;
    this.#nextId += 1;
    this.#ids.set(held, this.#nextId);
    return this.#nextId;
  }
}
