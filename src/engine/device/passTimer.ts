/**
 * Times compute passes on the GPU by timestamps, two a pass, which are fetched together when the set is half full or at
 * the end of a step: nothing waits for them in between. Browsers round timestamps (Chrome: to 0.1 ms), so single passes
 * say little and sums over many say enough.
 */

const CAPACITY = 2048;
const TIMESTAMP_BYTES = 8;
const NS_PER_MS = 1e6;

export class PassTimer {
  readonly #device: GPUDevice;
  readonly #queries: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  /** Whose passes are timed in the set, in order. */
  #tags: string[] = [];
  #fetches: Promise<void>[] = [];
  #msByTag = new Map<string, number>();

  constructor(device: GPUDevice) {
    this.#device = device;
    this.#queries = device.createQuerySet({ label: "unirl passes", type: "timestamp", count: CAPACITY });
    this.#resolved = device.createBuffer({
      label: "unirl timestamps",
      size: CAPACITY * TIMESTAMP_BYTES,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
    });
  }

  /** Has every pass that begins on the encoder timed. @param tagOf whose pass it is, asked when it begins */
  follow(encoder: GPUCommandEncoder, tagOf: () => string): void {
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
    const count = 2 * tags.length;
    if (count === 0 || (!isLast && count < CAPACITY / 2)) return () => {};
    this.#tags = [];
    const staging = this.#device.createBuffer({
      label: "unirl timestamps",
      size: count * TIMESTAMP_BYTES,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    encoder.resolveQuerySet(this.#queries, 0, count, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, staging, 0, staging.size);
    return () => {
      const fetching = this.#fetch(staging, tags);
      // Who asks for the times hears of a failure; a lost device must not be unheard before.
      fetching.catch(() => {});
      this.#fetches.push(fetching);
    };
  }

  /** Milliseconds by tag since the last call. Forgets them. @throws what mapping throws once the device is lost */
  async take(): Promise<ReadonlyMap<string, number>> {
    const fetches = this.#fetches;
    this.#fetches = [];
    await Promise.all(fetches);
    const taken = this.#msByTag;
    this.#msByTag = new Map();
    return taken;
  }

  dispose(): void {
    this.#queries.destroy();
    this.#resolved.destroy();
  }

  async #fetch(staging: GPUBuffer, tags: readonly string[]): Promise<void> {
    await staging.mapAsync(GPUMapMode.READ);
    const times = new BigUint64Array(staging.getMappedRange());
    for (const [pass, tag] of tags.entries()) {
      const ns = Number((times[2 * pass + 1] ?? 0n) - (times[2 * pass] ?? 0n));
      this.#msByTag.set(tag, (this.#msByTag.get(tag) ?? 0) + ns / NS_PER_MS);
    }
    staging.destroy();
  }
}
