/**
 * tfjs's WebGPU backend with what training needs besides: programs with several outputs on our own pipelines, bind
 * groups and uniforms that are reused instead of made anew, counters, and a buffer pool that shrinks.
 *
 * Own programs are recorded into the same command encoder as tfjs's, so the order of calls is the order of work.
 * Loaded on demand: importing this file brings the whole backend.
 */

import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { type BackendValues, type DataType, env, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { EngineError } from "../errors.ts";
import { type GpuProgram, packUniforms, writeWgsl } from "./gpuProgram.ts";
import { SubmitPacer } from "./submitPacer.ts";

/** What was asked of the GPU since the backend started. */
export interface GpuCounters {
  /** Compute dispatches, ours and tfjs's. */
  readonly dispatches: number;
  /** Command buffers handed to the queue. */
  readonly submits: number;
  /** Buffers copied back for the CPU to read. */
  readonly readbacks: number;
  readonly readbackBytes: number;
}

/** Shape and type of an output to be made. */
export interface OutputSpec {
  readonly shape: readonly number[];
  readonly dtype: DataType;
}

/** What this class uses of tfjs's private state. The package is frozen at 4.22, so the names will not move. */
interface Recorder {
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  commandQueueOwnedIds: WeakSet<object>;
  dispatchCountInPass: number;
}

interface StockPipelines {
  pipelineCache: Record<string, GPUComputePipeline | Promise<GPUComputePipeline>>;
}

interface FreeBuffers {
  freeBuffers: Map<string, GPUBuffer[]>;
  numFreeBuffers: number;
  numBytesAllocated: number;
}

/** A uniform buffer's slots lie this far apart: WebGPU's default alignment of dynamic offsets. */
const SLOT_BYTES = 256;
const SLOT_COUNT = 1024;
const MAX_BIND_GROUPS = 8192;
/** tfjs's flag: programs are compiled asynchronously and not run. */
const COMPILE_ONLY = "WEBGPU_ENGINE_COMPILE_ONLY";
/** tfjs's flag: dispatches in a submit. */
const BATCH_SIZE = "WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE";

interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

export class TrainerBackend extends WebGPUBackend {
  #counts = { dispatches: 0, submits: 0, readbacks: 0, readbackBytes: 0 };
  readonly #dispatchesOf = new Map<string, number>();
  /** By the shader's text; the second map spares writing the text of a program that was seen before. */
  readonly #pipelines = new Map<string, Pipeline>();
  readonly #seen = new WeakMap<GpuProgram, Pipeline>();
  /** Pipelines on their way, by text. */
  readonly #compiling = new Map<string, Promise<void>>();
  readonly #bindGroups = new Map<string, GPUBindGroup>();
  /** Numbers that name buffers and layouts in the bind groups' keys. */
  readonly #ids = new WeakMap<object, number>();
  #nextId = 0;
  /** Uniforms of the commands not yet handed over; written to the GPU in one piece before they are. */
  readonly #slots = new Uint8Array(SLOT_BYTES * SLOT_COUNT);
  readonly #slotBuffer: GPUBuffer;
  #usedSlots = 0;
  readonly #pacer = new SubmitPacer();
  /** How often programs wrote a tensor in place: what the CPU once read of it says nothing about what it holds. */
  readonly #rewritten = new WeakMap<object, number>();

  constructor(device: GPUDevice, adapterInfo: GPUAdapterInfo) {
    super(device, adapterInfo);
    this.#slotBuffer = device.createBuffer({
      label: "unirl uniforms",
      size: SLOT_BYTES * SLOT_COUNT,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
  }

  counters(): GpuCounters {
    return { ...this.#counts };
  }

  /** Compute dispatches since the backend started by the name of their program; tfjs's are named by their classes. */
  dispatchesByProgram(): ReadonlyMap<string, number> {
    return new Map(this.#dispatchesOf);
  }

  /**
   * Changes with a tensor's values: what was made from them is out of date when it differs. NaN, which equals nothing,
   * while programs are compiled and not run, since whatever is made then is made of nothing.
   */
  versionOf(dataId: object): number {
    return env().getBool(COMPILE_ONLY) ? Number.NaN : (this.#rewritten.get(dataId) ?? 0);
  }

  /**
   * Records one dispatch.
   * @param inputs tensors, or buffers that outlive the backend's next submit, by the program's names; others are ignored
   * @param outputs by the program's names; a tensor is written in place, a spec makes one
   * @param groups workgroups, each dimension at most 65,535
   * @returns the outputs by name; new ones are owned by the caller (in a tfjs kernel: by the engine)
   * @throws EngineError("badInput") when a buffer or uniform is missing
   */
  runProgram<P extends GpuProgram>(
    program: P,
    inputs: Readonly<Record<string, TensorInfo | GPUBuffer | undefined>>,
    outputs: Readonly<Record<keyof P["outputs"] & string, OutputSpec | TensorInfo>>,
    uniforms: Readonly<Record<keyof P["uniforms"] & string, number>>,
    groups: readonly [number, number, number],
  ): Record<keyof P["outputs"] & string, TensorInfo> {
    const written: Record<string, TensorInfo> = {};
    for (const name of Object.keys(program.outputs)) {
      const wanted = (outputs as Record<string, OutputSpec | TensorInfo>)[name];
      if (!wanted) throw new EngineError("badInput", `${program.name} needs an output ${name}.`);
      written[name] = "dataId" in wanted ? wanted : this.makeTensorInfo([...wanted.shape], wanted.dtype);
      if ("dataId" in wanted)
        this.#rewritten.set(wanted.dataId, (this.#rewritten.get(wanted.dataId) ?? 0) + 1);
    }
    const bound = [
      ...Object.keys(program.inputs).map((name) => this.#bufferOf(program, name, inputs[name])),
      ...Object.keys(program.outputs).map((name) => this.#bufferOf(program, name, written[name])),
    ];
    if (env().getBool(COMPILE_ONLY)) this.#compile(program);
    else this.#record(program, bound, uniforms as Record<string, number>, groups);
    return written as Record<keyof P["outputs"] & string, TensorInfo>;
  }

  /**
   * Compiles every pipeline that `body` needs, in parallel and off this thread: within it nothing is dispatched, and
   * whatever is read back is zeros. Shaders that compile when first met stop the page for seconds instead.
   * @param onProgress compiled so far, of how many
   */
  async compileAhead(
    body: () => Promise<unknown>,
    onProgress?: (compiled: number, total: number) => void,
  ): Promise<void> {
    env().set(COMPILE_ONLY, true);
    try {
      await body();
    } finally {
      env().set(COMPILE_ONLY, false);
    }
    const stock = Object.values((this as unknown as StockPipelines).pipelineCache);
    const pending = [...this.#compiling.values(), ...stock.filter((pipeline) => pipeline instanceof Promise)];
    let compiled = 0;
    const count = () => {
      compiled += 1;
      onProgress?.(compiled, pending.length);
    };
    await Promise.all(pending.map((pipeline) => pipeline.then(count)));
    await this.checkCompileCompletionAsync();
  }

  /**
   * Gives pooled buffers back until at most `maxBytes` of them are kept; tfjs's own pool only grows
   * (spec/peers.md 2.1).
   */
  trimPool(maxBytes: number): void {
    const pool = this.bufferManager as unknown as FreeBuffers;
    let kept = 0;
    let isTrimmed = false;
    for (const buffers of pool.freeBuffers.values()) {
      const fitting = buffers.filter((buffer) => {
        if (kept + buffer.size <= maxBytes) {
          kept += buffer.size;
          return true;
        }
        buffer.destroy();
        isTrimmed = true;
        pool.numBytesAllocated -= buffer.size;
        pool.numFreeBuffers -= 1;
        return false;
      });
      buffers.splice(0, buffers.length, ...fitting);
    }
    // Bind groups hold on to buffers that are gone.
    if (isTrimmed) this.#bindGroups.clear();
  }

  /** Pipelines of ours compiled so far. */
  get pipelineCount(): number {
    return this.#pipelines.size;
  }

  override runWebGPUProgram(...args: Parameters<WebGPUBackend["runWebGPUProgram"]>): TensorInfo {
    if (!env().getBool(COMPILE_ONLY)) this.#count(args[0].constructor.name);
    return super.runWebGPUProgram(...args);
  }

  override submitQueue(): void {
    this.#counts.submits += 1;
    const { dispatchCountInPass } = this.#recorder;
    if (this.#usedSlots > 0) {
      this.queue.writeBuffer(this.#slotBuffer, 0, this.#slots, 0, this.#usedSlots * SLOT_BYTES);
      this.#usedSlots = 0;
    }
    super.submitQueue();
    this.#pace(dispatchCountInPass);
  }

  override async read(dataId: object): Promise<BackendValues> {
    const values = await super.read(dataId);
    // tfjs keeps what it read and would answer with it for ever.
    if (this.#rewritten.has(dataId)) this.#forget(dataId);
    return values;
  }

  override async getBufferData(buffer: GPUBuffer): Promise<ArrayBuffer> {
    if (env().getBool(COMPILE_ONLY)) return new ArrayBuffer(buffer.size);
    this.#counts.readbacks += 1;
    this.#counts.readbackBytes += buffer.size;
    return super.getBufferData(buffer);
  }

  override dispose(): void {
    this.#slotBuffer.destroy();
    super.dispose();
  }

  #count(program: string): void {
    this.#counts.dispatches += 1;
    this.#dispatchesOf.set(program, (this.#dispatchesOf.get(program) ?? 0) + 1);
  }

  /** Watches how long the work takes that was just handed over, and sets the length of the next. */
  #pace(dispatches: number): void {
    this.#pacer.submitted(dispatches, util.now());
    const done = () => {
      this.#pacer.finished(util.now());
      env().set(BATCH_SIZE, this.#pacer.batchSize);
    };
    // A lost device ends all work; the loss itself is reported elsewhere.
    this.queue.onSubmittedWorkDone().then(done, () => {});
  }

  #bufferOf({ name }: GpuProgram, key: string, source: TensorInfo | GPUBuffer | undefined): GPUBuffer {
    if (!source) throw new EngineError("badInput", `${name} needs an input ${key}.`);
    if (!("dataId" in source)) return source;
    this.uploadToGPU(source.dataId);
    if (this.#rewritten.has(source.dataId)) this.#forget(source.dataId);
    this.#recorder.commandQueueOwnedIds.add(source.dataId);
    return this.tensorMap.get(source.dataId).resource as GPUBuffer;
  }

  /** Drops the CPU's copy of a tensor that is on the GPU. */
  #forget(dataId: object): void {
    // It may be gone by the time it has been read.
    const held = this.tensorMap.has(dataId) ? this.tensorMap.get(dataId) : null;
    if (held?.resource) held.values = null as unknown as BackendValues;
  }

  get #recorder(): Recorder {
    return this as unknown as Recorder;
  }

  #record(
    program: GpuProgram,
    buffers: readonly GPUBuffer[],
    uniforms: Readonly<Record<string, number>>,
    groups: readonly [number, number, number],
  ): void {
    const { pipeline, layout } = this.#pipelineOf(program);
    const slot = this.#takeSlot(packUniforms(program, uniforms));
    const bindGroup = this.#bindGroupOf(layout, buffers, slot !== null);
    this.ensureCommandEncoderReady();
    const recorder = this.#recorder;
    recorder.computePassEncoder ??= recorder.commandEncoder?.beginComputePass() ?? null;
    const pass = recorder.computePassEncoder;
    if (!pass) throw new EngineError("gpuError", "The GPU gave no command encoder.");
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup, slot === null ? [] : [slot * SLOT_BYTES]);
    pass.dispatchWorkgroups(...groups);
    this.#count(program.name);
    recorder.dispatchCountInPass += 1;
    if (recorder.dispatchCountInPass >= env().getNumber(BATCH_SIZE)) {
      this.endComputePassEncoder();
      this.submitQueue();
    }
  }

  /** @returns the slot's number, or null when there is nothing to tell */
  #takeSlot(bytes: ArrayBuffer): number | null {
    if (bytes.byteLength === 0) return null;
    if (this.#usedSlots === SLOT_COUNT) {
      this.endComputePassEncoder();
      this.ensureCommandEncoderReady();
      this.submitQueue();
    }
    this.#slots.set(new Uint8Array(bytes), this.#usedSlots * SLOT_BYTES);
    this.#usedSlots += 1;
    return this.#usedSlots - 1;
  }

  #describePipeline(program: GpuProgram, code: string) {
    const { name: label } = program;
    const types: GPUBufferBindingLayout[] = [
      ...Object.keys(program.inputs).map(() => ({ type: "read-only-storage" as const })),
      ...Object.keys(program.outputs).map(() => ({ type: "storage" as const })),
    ];
    if (Object.keys(program.uniforms).length > 0) types.push({ type: "uniform", hasDynamicOffset: true });
    const layout = this.device.createBindGroupLayout({
      label,
      entries: types.map((buffer, binding) => ({ binding, visibility: GPUShaderStage.COMPUTE, buffer })),
    });
    const descriptor: GPUComputePipelineDescriptor = {
      label,
      layout: this.device.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
      compute: { module: this.device.createShaderModule({ label, code }), entryPoint: "main" },
    };
    return { descriptor, layout };
  }

  #pipelineOf(program: GpuProgram): Pipeline {
    const seen = this.#seen.get(program);
    if (seen) return seen;
    const code = writeWgsl(program);
    const pipeline = this.#pipelines.get(code) ?? this.#makePipeline(program, code);
    this.#seen.set(program, pipeline);
    return pipeline;
  }

  #compile(program: GpuProgram): void {
    const code = writeWgsl(program);
    if (this.#pipelines.has(code) || this.#compiling.has(code)) return;
    const { descriptor, layout } = this.#describePipeline(program, code);
    const compiling = this.device.createComputePipelineAsync(descriptor).then((pipeline) => {
      this.#pipelines.set(code, { pipeline, layout });
      this.#compiling.delete(code);
    });
    this.#compiling.set(code, compiling);
  }

  #makePipeline(program: GpuProgram, code: string): Pipeline {
    const { descriptor, layout } = this.#describePipeline(program, code);
    const made = { pipeline: this.device.createComputePipeline(descriptor), layout };
    this.#pipelines.set(code, made);
    return made;
  }

  #bindGroupOf(
    layout: GPUBindGroupLayout,
    buffers: readonly GPUBuffer[],
    hasUniforms: boolean,
  ): GPUBindGroup {
    const key = [this.#idOf(layout), ...buffers.map((buffer) => this.#idOf(buffer))].join();
    const known = this.#bindGroups.get(key);
    if (known) return known;
    const resources: GPUBindingResource[] = buffers.map((buffer) => ({ buffer }));
    if (hasUniforms) resources.push({ buffer: this.#slotBuffer, size: SLOT_BYTES });
    const entries = resources.map((resource, binding) => ({ binding, resource }));
    const made = this.device.createBindGroup({ layout, entries });
    if (this.#bindGroups.size >= MAX_BIND_GROUPS) this.#bindGroups.clear();
    this.#bindGroups.set(key, made);
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
