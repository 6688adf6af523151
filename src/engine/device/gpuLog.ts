/** What is asked of the GPU, in all and by phase of a step. */

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
  readonly #total = { ...NOTHING };
  #phase = OUTSIDE;
  #counts = new Map<string, Record<keyof GpuCounters, number>>();
  #times = new Map<string, number>();
  readonly #programs = new Map<string, number>();

  /** Since the backend started. */
  get total(): GpuCounters {
    return { ...this.#total };
  }

  /** What is booked now belongs to it. */
  get phase(): string {
    return this.#phase;
  }

  /** Books what follows on a phase; null: on none. */
  enter(phase: string | null): void {
    this.#phase = phase ?? OUTSIDE;
  }

  count(what: keyof GpuCounters, amount = 1): void {
    this.#total[what] += amount;
    const counts = this.#counts.get(this.#phase) ?? { ...NOTHING };
    counts[what] += amount;
    this.#counts.set(this.#phase, counts);
  }

  countDispatch(program: string): void {
    this.count("dispatches");
    this.#programs.set(program, (this.#programs.get(program) ?? 0) + 1);
  }

  /** Dispatches since the backend started, by the name of their program. */
  dispatchesByProgram(): ReadonlyMap<string, number> {
    return new Map(this.#programs);
  }

  /** Work of a phase took so long. */
  addTime(phase: string, ms: number): void {
    this.#times.set(phase, (this.#times.get(phase) ?? 0) + ms);
  }

  /** By phase, since the last call. @param isTimed whether times were measured at all */
  take(isTimed: boolean): Map<string, GpuUse> {
    const [counts, times] = [this.#counts, this.#times];
    [this.#counts, this.#times] = [new Map(), new Map()];
    counts.delete(OUTSIDE);
    return new Map(
      [...counts].map(([phase, counted]) => [
        phase,
        { ...counted, busyMs: isTimed ? (times.get(phase) ?? 0) : null },
      ]),
    );
  }
}
