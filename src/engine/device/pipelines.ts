/** The compute pipelines of our own programs: each text is compiled once, when first run or ahead of that. */
import { type GpuProgram, writeWgsl } from "./gpuProgram.ts";

export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

export class Pipelines {
  readonly #device: GPUDevice;
  /** By the shader's text; the second map spares writing the text of a program that was seen before. */
  readonly #made = new Map<string, Pipeline>();
  readonly #seen = new WeakMap<GpuProgram, Pipeline>();
  /** Those that `compile` was called for: their texts need not be written again. */
  readonly #asked = new WeakSet<GpuProgram>();
  /** On their way, by text. */
  readonly #compiling = new Map<string, Promise<void>>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Compiled so far. */
  get count(): number {
    return this.#made.size;
  }

  /** The program's pipeline, compiled now if need be. */
  of(program: GpuProgram): Pipeline {
    const seen = this.#seen.get(program);
    if (seen) return seen;
    const code = writeWgsl(program);
    const pipeline = this.#made.get(code) ?? this.#make(program, code);
    this.#seen.set(program, pipeline);
    return pipeline;
  }

  /** Begins to compile the program off this thread, unless it was or is. */
  compile(program: GpuProgram): void {
    if (this.#asked.has(program)) return;
    this.#asked.add(program);
    const code = writeWgsl(program);
    if (this.#made.has(code) || this.#compiling.has(code)) return;
    const { descriptor, layout } = this.#describe(program, code);
    const compiling = this.#device
      .createComputePipelineAsync(descriptor)
      .then((pipeline) => {
        this.#made.set(code, { pipeline, layout });
      })
      .finally(() => this.#compiling.delete(code));
    // Whoever takes the pending ones hears of the failure; it must not count as unheard until then.
    compiling.catch(() => {});
    this.#compiling.set(code, compiling);
  }

  /** What `compile` began and did not end yet. */
  pending(): Promise<void>[] {
    return [...this.#compiling.values()];
  }

  #make(program: GpuProgram, code: string): Pipeline {
    const { descriptor, layout } = this.#describe(program, code);
    const made = { pipeline: this.#device.createComputePipeline(descriptor), layout };
    this.#made.set(code, made);
    return made;
  }

  #describe({ name: label, inputs, outputs, uniforms }: GpuProgram, code: string) {
    const types: GPUBufferBindingLayout[] = [
      ...Object.keys(inputs).map(() => ({ type: "read-only-storage" as const })),
      ...Object.keys(outputs).map(() => ({ type: "storage" as const })),
    ];
    if (Object.keys(uniforms).length > 0) types.push({ type: "uniform", hasDynamicOffset: true });
    const device = this.#device;
    const layout = device.createBindGroupLayout({
      label,
      entries: types.map((buffer, binding) => ({ binding, visibility: GPUShaderStage.COMPUTE, buffer })),
    });
    const descriptor: GPUComputePipelineDescriptor = {
      label,
      layout: device.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
      compute: { module: device.createShaderModule({ label, code }), entryPoint: "main" },
    };
    return { descriptor, layout };
  }
}
