/** From a benchmark to figures: contenders are compared first, since a fast way to other work is worth nothing. */
import type { GpuCounters } from "../src/engine/device/gpuLog.ts";
import { relativeError } from "../src/engine/kernels/relativeError.ts";
import { countGpuWork, countPrograms, measureGpuBytes } from "./gpuWork.ts";
import { OURS, STOCK } from "./names.ts";
import { type Contender, type Timing, timeInterleaved } from "./rounds.ts";

/** Contenders that do the same work. */
export interface Benchmark {
  readonly name: string;
  /** Whose work it is, where a model does it. */
  readonly model?: string;
  /** What was computed: sizes by name. */
  readonly shape: Readonly<Record<string, number>>;
  /** The key of `shape` that grows from benchmark to benchmark. */
  readonly axis?: string;
  /** The first is ours, and what the others are compared with. */
  readonly contenders: readonly Contender[];
  /** Multiplications and additions that one run needs, whoever does it. */
  readonly flops?: number;
  /** What one run finishes. */
  readonly finishes?: { readonly count: number; readonly what: string };
  /** How far values may be from the first contender's, as `differ` tells it. */
  readonly tolerance?: number;
  /** Largest difference over the largest value unless told. */
  readonly differ?: (values: ArrayLike<number>, reference: ArrayLike<number>) => number;
  readonly dispose?: () => void;
}

/** What a contender's run took. */
export interface Measured extends Timing {
  /** From the first contender's values; absent for the first and where values are not compared. */
  readonly difference?: number;
  /** 10⁹ multiplications and additions a second. */
  readonly gflops?: number;
  readonly perSecond?: number;
  /** Of one run. */
  readonly counts?: GpuCounters;
  /** Most bytes in use on the GPU during a run: weights, inputs, and all that the run needed at once. */
  readonly gpuBytes?: number;
}

/** A contender that was not timed. */
export interface Refused {
  readonly name: string;
  readonly refused: string;
}

/** A contender that a GPU took orders from, and computed nothing. */
export interface Counted {
  readonly name: string;
  /** Of one run. */
  readonly counts: GpuCounters;
  /** Dispatches by program, most first. */
  readonly programs: Readonly<Record<string, number>>;
}

export type Result = Measured | Counted | Refused;

/** f32 sums of a few thousand products in another order. */
const TOLERANCE = 1e-4;

interface Entry {
  readonly contender: Contender;
  readonly difference: number | null;
  readonly gpuBytes: number | null;
}

/** Runs a contender once, untimed. @returns its values, and what memory that took */
async function tryOut({ prepare, values }: Contender) {
  let computed: ArrayLike<number> | null = null;
  const gpuBytes = await measureGpuBytes(async () => {
    await prepare();
    computed = (await values?.()) ?? null;
  });
  return { values: computed as ArrayLike<number> | null, gpuBytes };
}

/** Compares all contenders with the first. @throws whatever keeps the first from running */
async function admit(benchmark: Benchmark): Promise<{ entries: Entry[]; refused: Refused[] }> {
  const { contenders, differ = relativeError, tolerance = TOLERANCE } = benchmark;
  const entries: Entry[] = [];
  const refused: Refused[] = [];
  let reference: ArrayLike<number> | null = null;
  for (const [at, contender] of contenders.entries()) {
    const { name } = contender;
    try {
      const { values, gpuBytes } = await tryOut(contender);
      if (at === 0) reference = values;
      const difference: number | null = at > 0 && values && reference ? differ(values, reference) : null;
      const allowed = contender.tolerance ?? tolerance;
      // Written so that NaN is refused.
      if (difference === null || difference <= allowed) entries.push({ contender, difference, gpuBytes });
      else refused.push({ name, refused: `its result differs by ${difference}, more than ${allowed}` });
    } catch (thrown) {
      if (at === 0) throw thrown;
      refused.push({ name, refused: thrown instanceof Error ? thrown.message : String(thrown) });
    }
  }
  return { entries, refused };
}

/** Compares and times a benchmark's contenders. */
export async function measure(
  benchmark: Benchmark,
  rounds: number,
  onRound: (round: number) => void,
): Promise<Result[]> {
  const { flops, finishes } = benchmark;
  const { entries, refused } = await admit(benchmark);
  for (const { contender } of entries) {
    if (!contender.choose) continue;
    await contender.prepare();
    await contender.choose();
  }
  const counts = new Map<string, GpuCounters>();
  const counted = entries.map(
    ({ contender }): Contender => ({
      ...contender,
      run: async (times) => {
        const asked = await countGpuWork(() => contender.run(times), times);
        if (asked) counts.set(contender.name, asked);
      },
    }),
  );
  const timings = await timeInterleaved(counted, rounds, onRound);
  const measured = timings.map((timing, at): Measured => {
    const { name, medianMs } = timing;
    const { difference = null, gpuBytes = null } = entries[at] ?? {};
    const asked = counts.get(name);
    return {
      ...timing,
      ...(difference === null ? {} : { difference }),
      ...(flops === undefined ? {} : { gflops: flops / medianMs / 1e6 }),
      ...(finishes ? { perSecond: (1000 * finishes.count) / medianMs } : {}),
      ...(asked ? { counts: asked } : {}),
      ...(asked && gpuBytes !== null ? { gpuBytes } : {}),
    };
  });
  return [...measured, ...refused];
}

/** What shaders and twins ask of the GPU that runs, by program and untimed; for one that computes nothing. */
export async function countOnly({ contenders }: Benchmark): Promise<Counted[]> {
  const results: Counted[] = [];
  for (const { name, prepare, run } of contenders) {
    if (name !== OURS && name !== STOCK) continue;
    await prepare();
    // What is made once and kept is there from now on.
    await run(1);
    let programs: Counted["programs"] = {};
    const counts = await countGpuWork(async () => {
      programs = await countPrograms(() => run(1));
    }, 1);
    if (counts) results.push({ name, counts, programs });
  }
  return results;
}
