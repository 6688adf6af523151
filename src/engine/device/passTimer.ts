/**
 * Times compute passes on the GPU by timestamps, two a pass, which are fetched some passes at a time: nothing waits for
 * them. Browsers round timestamps (Chrome: to 0.1 ms), so single passes say little and sums over many say enough.
 */

/** Passes in one submit are at most as many as its dispatches and uploads: far below half of this. */
const CAPACITY = 4096;
/** Passes after which the next submit fetches: a few submits, so that pacing follows the work. */
const FETCH_AFTER = 32;
const TIMESTAMP_BYTES = 8;
const NS_PER_MS = 1e6;

export interface TimedPass<Tag> {
  readonly tag: Tag;
  readonly ms: number;
}

/** @typeParam Tag what a pass is known by */
export class PassTimer<Tag> {
  readonly #device: GPUDevice;
  readonly #report: (passes: readonly TimedPass<Tag>[]) => void;
  readonly #queries: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  /** Of the passes that are timed in the set, in order. */
  #tags: Tag[] = [];
  readonly #fetches = new Set<Promise<void>>();

  /** @param report takes the passes of one fetch: whole submits, in order */
  constructor(device: GPUDevice, report: (passes: readonly TimedPass<Tag>[]) => void) {
    this.#device = device;
    this.#report = report;
    this.#queries = device.createQuerySet({ label: "unirl passes", type: "timestamp", count: CAPACITY });
    this.#resolved = device.createBuffer({
      label: "unirl timestamps",
      size: CAPACITY * TIMESTAMP_BYTES,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
    });
  }

  /** Has every pass that begins on the encoder timed. @param tagOf asked when a pass begins */
  follow(encoder: GPUCommandEncoder, tagOf: () => Tag): void {
    const begin = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = (descriptor) => {
      const at = 2 * this.#tags.length;
      if (at + 2 > CAPACITY) return begin(descriptor);
      this.#tags.push(tagOf());
      const [beginningOfPassWriteIndex, endOfPassWriteIndex] = [at, at + 1];
      const timestampWrites = { querySet: this.#queries, beginningOfPassWriteIndex, endOfPassWriteIndex };
      return begin({ ...descriptor, timestampWrites });
    };
  }

  /**
   * Call before the encoder is finished, with no pass open.
   * @param isLast fetch what there is, however little
   * @returns to be called once the encoder's commands were submitted
   */
  beforeSubmit(encoder: GPUCommandEncoder, isLast: boolean): () => void {
    const tags = this.#tags;
    if (tags.length === 0 || (!isLast && tags.length < FETCH_AFTER)) return () => {};
    this.#tags = [];
    const count = 2 * tags.length;
    const staging = this.#device.createBuffer({
      label: "unirl timestamps",
      size: count * TIMESTAMP_BYTES,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    encoder.resolveQuerySet(this.#queries, 0, count, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, staging, 0, staging.size);
    return () => {
      const fetching = this.#fetch(staging, tags);
      // A lost device fails them all, and says so itself.
      const done = fetching.catch(() => {}).then(() => void this.#fetches.delete(done));
      this.#fetches.add(done);
    };
  }

  /** Resolves once all that was fetched is reported. */
  async settle(): Promise<void> {
    await Promise.all(this.#fetches);
  }

  dispose(): void {
    this.#queries.destroy();
    this.#resolved.destroy();
  }

  async #fetch(staging: GPUBuffer, tags: readonly Tag[]): Promise<void> {
    await staging.mapAsync(GPUMapMode.READ);
    const times = new BigUint64Array(staging.getMappedRange());
    const passes = tags.map((tag, at) => {
      const ns = Number((times[2 * at + 1] ?? 0n) - (times[2 * at] ?? 0n));
      // A clock that was reset in between says nothing.
      return { tag, ms: Math.max(0, ns) / NS_PER_MS };
    });
    staging.destroy();
    this.#report(passes);
  }
}
