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
import { isCompilingOnly, setCompilingOnly } from "./compilation.ts";
import { type GpuCounters, GpuLog, type GpuUse } from "./gpuLog.ts";
import { type GpuProgram, packUniforms } from "./gpuProgram.ts";
import { Pipelines } from "./pipelines.ts";
import { SubmitPacer } from "./submitPacer.ts";

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

export class TrainerBackend extends WebGPUBackend {
  readonly #log: GpuLog;
  readonly #pipelines: Pipelines;
  readonly #bindGroups = new Map<string, GPUBindGroup>();
  /** Numbers that name buffers and layouts in the bind groups' keys. */
  readonly #ids = new WeakMap<object, number>();
  #nextId = 0;
  /** Uniforms of the commands not yet handed over; written to the GPU in one piece before they are. */
  readonly #slots = new Uint8Array(SLOT_BYTES * SLOT_COUNT);
  readonly #slotBuffer: GPUBuffer;
  #usedSlots = 0;
  readonly #pacer = new SubmitPacer();
  /** Tensors that programs write in place: what the CPU once read of them says nothing about what they hold. */
  readonly #rewritten = new WeakSet<object>();

  constructor(device: GPUDevice, adapterInfo: GPUAdapterInfo) {
    super(device, adapterInfo);
    this.#pipelines = new Pipelines(device);
    this.#log = new GpuLog(device);
    this.#slotBuffer = device.createBuffer({
      label: "unirl uniforms",
      size: SLOT_BYTES * SLOT_COUNT,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
  }

  /** What was asked of the GPU since the backend started. */
  counters(): GpuCounters {
    return this.#log.total;
  }

  /** Books what follows on a phase; null: on none. */
  enterPhase(phase: string | null): void {
    this.endComputePassEncoder();
    this.#log.enter(phase);
  }

  /** What the phases asked of the GPU since the last call; waits for what was recorded. */
  async takeUse(): Promise<ReadonlyMap<string, GpuUse>> {
    if (isCompilingOnly()) return new Map();
    this.endComputePassEncoder();
    this.ensureCommandEncoderReady();
    this.#submit(true);
    return await this.#log.take();
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
      if ("dataId" in wanted && !isCompilingOnly()) this.#rewritten.add(wanted.dataId);
    }
    if (isCompilingOnly()) {
      this.#pipelines.compile(program);
      return written as Record<keyof P["outputs"] & string, TensorInfo>;
    }
    const bound = [
      ...Object.keys(program.inputs).map((name) => this.#bufferOf(program, name, inputs[name])),
      ...Object.keys(program.outputs).map((name) => this.#bufferOf(program, name, written[name])),
    ];
    this.#record(program, bound, uniforms as Record<string, number>, groups);
    return written as Record<keyof P["outputs"] & string, TensorInfo>;
  }

  /**
   * Compiles every pipeline that `body` needs, in parallel and off this thread: within it nothing is dispatched, no
   * memory is taken, and whatever is read back is zeros. Shaders that compile when first met stop the page for seconds
   * instead. What tensors outlive `body` must be on the CPU.
   * @param onProgress compiled so far, of how many
   * @throws EngineError("gpuError") when a shader does not compile, or when something computed from zeros was kept
   */
  async compileAhead(
    body: () => Promise<unknown>,
    onProgress?: (compiled: number, total: number) => void,
  ): Promise<void> {
    const held = this.numDataIds();
    env().set(COMPILE_ONLY, true);
    setCompilingOnly(true);
    try {
      await body();
    } finally {
      env().set(COMPILE_ONLY, false);
      setCompilingOnly(false);
      await this.#awaitPipelines(onProgress);
    }
    const kept = this.numDataIds() - held;
    if (kept > 0) {
      throw new EngineError(
        "gpuError",
        `${kept} tensors that were never computed outlived their compilation.`,
      );
    }
  }

  async #awaitPipelines(onProgress: (compiled: number, total: number) => void = () => {}): Promise<void> {
    const cache = (this as unknown as StockPipelines).pipelineCache;
    const stock = Object.entries(cache).flatMap(([key, pipeline]) => {
      if (!(pipeline instanceof Promise)) return [];
      const settle = async () => {
        // One that failed is tried again when it is needed.
        delete cache[key];
        cache[key] = await pipeline;
      };
      return [settle()];
    });
    const pending = [...this.#pipelines.pending(), ...stock];
    let compiled = 0;
    onProgress(compiled, pending.length);
    const count = () => {
      compiled += 1;
      onProgress(compiled, pending.length);
    };
    const results = await Promise.allSettled(pending.map((pipeline) => pipeline.then(count)));
    const failed = results.find((result) => result.status === "rejected");
    if (!failed) return;
    throw new EngineError(
      "gpuError",
      `The GPU could not compile a shader (${failed.reason instanceof Error ? failed.reason.message : String(failed.reason)}). Update its driver, or use the wasm backend.`,
      {},
      { cause: failed.reason },
    );
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
    return this.#pipelines.count;
  }

  override uploadToGPU(dataId: object): void {
    // Nothing runs, so nothing needs a place to lie.
    if (!isCompilingOnly()) super.uploadToGPU(dataId);
  }

  override runWebGPUProgram(...args: Parameters<WebGPUBackend["runWebGPUProgram"]>): TensorInfo {
    if (!isCompilingOnly()) this.#log.count("dispatches");
    return super.runWebGPUProgram(...args);
  }

  override ensureCommandEncoderReady(): void {
    if (this.#recorder.commandEncoder) return;
    super.ensureCommandEncoderReady();
    const { commandEncoder } = this.#recorder;
    if (commandEncoder) this.#log.follow(commandEncoder);
  }

  override submitQueue(): void {
    this.#submit(false);
  }

  /** @param isLast fetch the timestamps there are */
  #submit(isLast: boolean): void {
    this.#log.count("submits");
    const { dispatchCountInPass, commandEncoder } = this.#recorder;
    if (this.#usedSlots > 0) {
      this.queue.writeBuffer(this.#slotBuffer, 0, this.#slots, 0, this.#usedSlots * SLOT_BYTES);
      this.#usedSlots = 0;
    }
    const submitted = commandEncoder ? this.#log.beforeSubmit(commandEncoder, isLast) : null;
    super.submitQueue();
    submitted?.();
    this.#pace(dispatchCountInPass);
  }

  override async read(dataId: object): Promise<BackendValues> {
    if (isCompilingOnly()) return this.#readHollow(dataId);
    const values = await super.read(dataId);
    // tfjs keeps what it read and would answer with it for ever.
    if (this.#rewritten.has(dataId)) this.#forget(dataId);
    return values;
  }

  override async getBufferData(buffer: GPUBuffer): Promise<ArrayBuffer> {
    this.#log.count("readbacks");
    this.#log.count("readbackBytes", buffer.size);
    return super.getBufferData(buffer);
  }

  override dispose(): void {
    this.#slotBuffer.destroy();
    this.#log.dispose();
    super.dispose();
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

  /** What is known of a tensor without asking the GPU: its values on the CPU, or zeros. */
  #readHollow(dataId: object): BackendValues {
    const { values, dtype, shape } = this.tensorMap.get(dataId);
    return values ?? util.makeZerosTypedArray(util.sizeFromShape(shape), dtype as "float32");
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
    const { pipeline, layout } = this.#pipelines.of(program);
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
    this.#log.count("dispatches");
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
