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
import { BindGroups } from "./bindGroups.ts";
import { BufferPool } from "./bufferPool.ts";
import { isCompilingOnly, setCompilingOnly } from "./compilation.ts";
import { GpuClock } from "./gpuClock.ts";
import { type GpuCounters, GpuLog, type GpuUse } from "./gpuLog.ts";
import { type GpuProgram, type ProgramFeature, packUniforms } from "./gpuProgram.ts";
import { type ChoiceStore, KernelChoices } from "./kernelChoices.ts";
import { Pipelines } from "./pipelines.ts";
import { dispatchKind, MAX_DISPATCHES, SubmitPacer } from "./submitPacer.ts";
import { UniformSlots } from "./uniformSlots.ts";

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
}

interface StockPipelines {
  pipelineCache: Record<string, GPUComputePipeline | Promise<GPUComputePipeline>>;
}

/** tfjs's flag: programs are compiled asynchronously and not run. */
const COMPILE_ONLY = "WEBGPU_ENGINE_COMPILE_ONLY";
/** tfjs's flag: dispatches in a submit. The pacer decides that instead. */
const BATCH_SIZE = "WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE";
/** Dispatches of unknown cost in a submit: as tfjs does, but one by one on a GPU that is a program on the CPU. */
const FIRST_DISPATCHES = 15;
/** Unused buffers kept: what a pass frees the next one takes where its sizes are the same. */
const MAX_FREE_BYTES = 256 * 2 ** 20;

export class TrainerBackend extends WebGPUBackend {
  /** The GPU is a program on the CPU. */
  readonly isSoftware: boolean;
  readonly choices: KernelChoices;
  /** What programs may need here. */
  readonly features: ReadonlySet<ProgramFeature>;
  readonly #adapterName: string;
  readonly #log = new GpuLog();
  readonly #clock: GpuClock;
  readonly #pipelines: Pipelines;
  readonly #bindGroups: BindGroups;
  readonly #uniforms: UniformSlots;
  readonly #pacer: SubmitPacer;
  #busyMs = 0;
  /** How often programs wrote a tensor in place: what the CPU once read of it says nothing about what it holds. */
  readonly #rewritten = new WeakMap<object, number>();

  constructor(
    device: GPUDevice,
    adapterInfo: GPUAdapterInfo,
    { isSoftware, features }: Pick<TrainerBackend, "isSoftware" | "features">,
  ) {
    super(device, adapterInfo);
    this.isSoftware = isSoftware;
    this.features = features;
    this.choices = new KernelChoices(isSoftware);
    const { vendor, architecture, device: model, description } = adapterInfo;
    this.#adapterName = [vendor, architecture, model, description].join(" ");
    env().set(BATCH_SIZE, 2 * MAX_DISPATCHES);
    this.#pipelines = new Pipelines(device);
    this.#pacer = new SubmitPacer(isSoftware ? 1 : FIRST_DISPATCHES);
    this.#clock = new GpuClock(device, {
      passTimed: (phase, ms) => this.#log.addTime(phase, ms),
      submitTimed: (submit, ms) => {
        this.#busyMs += ms;
        this.#pacer.finished(submit, ms);
      },
    });
    this.#bindGroups = new BindGroups(device);
    this.#uniforms = new UniformSlots(device, MAX_DISPATCHES);
    this.bufferManager = new BufferPool(device, MAX_FREE_BYTES) as unknown as WebGPUBackend["bufferManager"];
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
    await this.finishWork();
    return this.#log.take(this.#clock.hasTimestamps);
  }

  /** Hands over what is recorded and waits until it is done and timed. */
  async finishWork(): Promise<void> {
    this.endComputePassEncoder();
    this.ensureCommandEncoderReady();
    this.#submit(true);
    await this.#clock.settle();
  }

  /** Answers by timing, or from the store, which kernels to run for the shapes that a compiled step asked about. */
  async settleChoices(store: ChoiceStore): Promise<void> {
    await this.choices.settle(this.#adapterName, store, async (run) => {
      await this.finishWork();
      const before = this.#busyMs;
      run();
      await this.finishWork();
      return this.#busyMs - before;
    });
  }

  /** How long the GPU has worked since it was opened, as far as timed. */
  get busyMs(): number {
    return this.#busyMs;
  }

  /** Compute dispatches since the backend started by the name of their program; tfjs's are named by their classes. */
  dispatchesByProgram(): ReadonlyMap<string, number> {
    return this.#log.dispatchesByProgram();
  }

  /** Changes when a program writes the tensor in place: what was made from its values before is out of date. */
  versionOf(dataId: object): number {
    return this.#rewritten.get(dataId) ?? 0;
  }

  /**
   * Records one dispatch.
   * @param inputs tensors, or buffers that outlive the backend's next submit, by the program's names; others are ignored
   * @param outputs by the program's names; a tensor is written in place, a spec makes one
   * @param groups workgroups, each dimension at most 65,535
   * @returns the outputs by name; new ones are owned by the caller (in a tfjs kernel: by the engine)
   * @throws EngineError("badInput") when a buffer, a uniform or a feature of the device is missing
   */
  runProgram<P extends GpuProgram>(
    program: P,
    inputs: Readonly<Record<string, TensorInfo | GPUBuffer | undefined>>,
    outputs: Readonly<Record<keyof P["outputs"] & string, OutputSpec | TensorInfo>>,
    uniforms: Readonly<Record<keyof P["uniforms"] & string, number>>,
    groups: readonly [number, number, number],
  ): Record<keyof P["outputs"] & string, TensorInfo> {
    const missing = program.features?.find((feature) => !this.features.has(feature));
    if (missing) throw new EngineError("badInput", `${program.name} needs ${missing}, which this GPU lacks.`);
    const written: Record<string, TensorInfo> = {};
    for (const name of Object.keys(program.outputs)) {
      const wanted = (outputs as Record<string, OutputSpec | TensorInfo>)[name];
      if (!wanted) throw new EngineError("badInput", `${program.name} needs an output ${name}.`);
      written[name] = "dataId" in wanted ? wanted : this.makeTensorInfo([...wanted.shape], wanted.dtype);
      if ("dataId" in wanted && !isCompilingOnly()) {
        this.#rewritten.set(wanted.dataId, (this.#rewritten.get(wanted.dataId) ?? 0) + 1);
      }
    }
    if (isCompilingOnly()) {
      this.#pipelines.compile(program);
      return written as Record<keyof P["outputs"] & string, TensorInfo>;
    }
    this.#makeRoom(program.name, groups);
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

  /** Pipelines of ours compiled so far. */
  get pipelineCount(): number {
    return this.#pipelines.count;
  }

  get bindGroupCount(): number {
    return this.#bindGroups.count;
  }

  override uploadToGPU(dataId: object): void {
    // Nothing runs, so nothing needs a place to lie.
    if (!isCompilingOnly()) super.uploadToGPU(dataId);
  }

  override runWebGPUProgram(...args: Parameters<WebGPUBackend["runWebGPUProgram"]>): TensorInfo {
    const [program] = args;
    if (!isCompilingOnly()) this.#makeRoom(program.constructor.name, program.dispatch);
    return super.runWebGPUProgram(...args);
  }

  override ensureCommandEncoderReady(): void {
    if (this.#recorder.commandEncoder) return;
    super.ensureCommandEncoderReady();
    const { commandEncoder } = this.#recorder;
    const ownerOf = () => ({ phase: this.#log.phase, submit: this.#pacer.open });
    if (commandEncoder) this.#clock.follow(commandEncoder, ownerOf);
  }

  override submitQueue(): void {
    this.#submit(false);
  }

  /** Counts a dispatch that is about to be recorded, and hands over first what it would keep waiting for too long. */
  #makeRoom(program: string, groups: readonly number[]): void {
    const kind = dispatchKind(
      program,
      groups.reduce((product, side) => product * side, 1),
    );
    if (this.#pacer.isDue(kind)) {
      this.endComputePassEncoder();
      this.submitQueue();
    }
    this.#pacer.add(kind);
    this.#log.countDispatch(program);
  }

  /** @param isLast its time is waited for */
  #submit(isLast: boolean): void {
    this.#log.count("submits");
    const { commandEncoder } = this.#recorder;
    this.#uniforms.flush(this.queue);
    const { open } = this.#pacer;
    const submitted = commandEncoder ? this.#clock.beforeSubmit(commandEncoder, open, isLast) : null;
    super.submitQueue();
    submitted?.();
    this.#pacer.submitted();
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
    this.#uniforms.dispose();
    this.#clock.dispose();
    super.dispose();
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
    const values = packUniforms(program, uniforms);
    const hasUniforms = values.byteLength > 0;
    const bindGroup = this.#bindGroups.of(layout, buffers, hasUniforms ? this.#uniforms.binding : null);
    this.ensureCommandEncoderReady();
    const recorder = this.#recorder;
    recorder.computePassEncoder ??= recorder.commandEncoder?.beginComputePass() ?? null;
    const pass = recorder.computePassEncoder;
    if (!pass) throw new EngineError("gpuError", "The GPU gave no command encoder.");
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup, hasUniforms ? [this.#uniforms.take(values)] : []);
    pass.dispatchWorkgroups(...groups);
  }
}
