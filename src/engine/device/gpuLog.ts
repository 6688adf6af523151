/** What is asked of the GPU, in all and by phase of a step: counts as they happen, and time from timestamps. */
import { PassTimer } from "./passTimer.ts";

/** What was asked of the GPU. */
export interface GpuCounters {
  /** Compute dispatches, ours and tfjs's. */
  readonly dispatches: number;
  /** Command buffers handed to the queue. */
  readonly submits: number;
  /** Buffers copied back for the CPU to read. */
  readonly readbacks: number;
  readonly readbackBytes: number;
}

/** What a phase asked of the GPU. */
export interface GpuUse extends GpuCounters {
  /** Time in compute passes; null where the device has no timestamps. */
  readonly busyMs: number | null;
}

const NOTHING: GpuCounters = { dispatches: 0, submits: 0, readbacks: 0, readbackBytes: 0 };

/** Of no phase: what is done for the page in between. */
const OUTSIDE = "";

export class GpuLog {
  readonly #timer: PassTimer | null;
  readonly #total = { ...NOTHING };
  #phase = OUTSIDE;
  #byPhase = new Map<string, Record<keyof GpuCounters, number>>();

  constructor(device: GPUDevice) {
    this.#timer = device.features.has("timestamp-query") ? new PassTimer(device) : null;
  }

  /** Since the backend started. */
  get total(): GpuCounters {
    return { ...this.#total };
  }

  /** Books what follows on a phase, or with null on none. Call it with no pass open: a pass belongs to one phase. */
  enter(phase: string | null): void {
    this.#phase = phase ?? OUTSIDE;
  }

  count(what: keyof GpuCounters, amount = 1): void {
    this.#total[what] += amount;
    const counts = this.#byPhase.get(this.#phase) ?? { ...NOTHING };
    counts[what] += amount;
    this.#byPhase.set(this.#phase, counts);
  }

  /** Has the encoder's passes timed where the device can. */
  follow(encoder: GPUCommandEncoder): void {
    this.#timer?.follow(encoder, () => this.#phase);
  }

  /** See `PassTimer.beforeSubmit`. */
  beforeSubmit(encoder: GPUCommandEncoder, isLast: boolean): () => void {
    return this.#timer?.beforeSubmit(encoder, isLast) ?? (() => {});
  }

  /** By phase, since the last call; forgets it. Submit what is recorded first, as the last. */
  async take(): Promise<Map<string, GpuUse>> {
    const counted = this.#byPhase;
    this.#byPhase = new Map();
    const msByPhase = (await this.#timer?.take()) ?? null;
    counted.delete(OUTSIDE);
    return new Map(
      [...counted].map(([phase, counts]) => [
        phase,
        { ...counts, busyMs: msByPhase && (msByPhase.get(phase) ?? 0) },
      ]),
    );
  }

  dispose(): void {
    this.#timer?.dispose();
  }
}
