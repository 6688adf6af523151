/** How long the GPU works on what it is given: by its own timestamps, or by the queue's word where it has none. */
import { util } from "@tensorflow/tfjs-core";
import { PassTimer, type TimedPass } from "./passTimer.ts";
import { QueueClock } from "./queueClock.ts";
import { sleep } from "./sleep.ts";
import type { Submit } from "./submitPacer.ts";

/** Whose a pass is. */
interface Owner {
  readonly phase: string;
  readonly submit: Submit;
}

export interface ClockReader {
  /** A pass took so long; timestamps only. */
  passTimed(phase: string, ms: number): void;
  /** A submit took so long, or several merged into one. */
  submitTimed(submit: Submit, ms: number): void;
}

export class GpuClock {
  readonly #queue: GPUQueue;
  readonly #reader: ClockReader;
  readonly #timer: PassTimer<Owner> | null;
  readonly #clock: QueueClock;

  constructor(device: GPUDevice, reader: ClockReader) {
    this.#queue = device.queue;
    this.#reader = reader;
    const hasTimestamps = device.features.has("timestamp-query");
    this.#timer = hasTimestamps ? new PassTimer(device, (passes) => this.#readPasses(passes)) : null;
    this.#clock = new QueueClock((submit, ms) => reader.submitTimed(submit, ms));
  }

  /** Passes are timed, and not only submits. */
  get hasTimestamps(): boolean {
    return this.#timer !== null;
  }

  /** Has the passes of an encoder timed. @param ownerOf asked when a pass begins */
  follow(encoder: GPUCommandEncoder, ownerOf: () => Owner): void {
    this.#timer?.follow(encoder, ownerOf);
  }

  /**
   * Call before the encoder is finished, with no pass open.
   * @param isLast what was timed is to be reported soon @returns to be called once its commands were submitted
   */
  beforeSubmit(encoder: GPUCommandEncoder, submit: Submit, isLast: boolean): () => void {
    return this.#timer?.beforeSubmit(encoder, isLast) ?? (() => this.#awaitQueue(submit));
  }

  /** Resolves once what was submitted, the last as such, is done and reported. */
  async settle(): Promise<void> {
    if (this.#timer) return await this.#timer.settle();
    await this.#queue.onSubmittedWorkDone();
    this.#clock.reportHeard(util.now());
  }

  dispose(): void {
    this.#timer?.dispose();
  }

  #awaitQueue(submit: Submit): void {
    this.#clock.submitted(submit, util.now());
    const hear = async () => {
      if (!this.#clock.finished()) return;
      await sleep(0);
      this.#clock.reportHeard(util.now());
    };
    // A lost device ends all work; the loss itself is reported elsewhere.
    this.#queue.onSubmittedWorkDone().then(hear, () => {});
  }

  #readPasses(passes: readonly TimedPass<Owner>[]): void {
    const bySubmit = new Map<Submit, number>();
    for (const { tag, ms } of passes) {
      this.#reader.passTimed(tag.phase, ms);
      bySubmit.set(tag.submit, (bySubmit.get(tag.submit) ?? 0) + ms);
    }
    for (const [submit, ms] of bySubmit) this.#reader.submitTimed(submit, ms);
  }
}
