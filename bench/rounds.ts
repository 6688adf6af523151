/** Fair timing: all contenders in every round, in turns, and the median over the rounds. */
import { cpus, totalmem } from "node:os";

/** One way to do a benchmark's work. */
export interface Contender {
  readonly name: string;
  /** Untimed, before every round: backend up, pipelines compiled, inputs there. */
  readonly prepare: () => Promise<void>;
  /** Does the work so many times; returns when the last result is really there. */
  readonly run: (times: number) => Promise<void>;
  /** Once, after its values and untimed: picks the forms of its kernels that are fastest here. */
  readonly choose?: () => Promise<void>;
  /** What one run computes, where contenders can be compared number by number. */
  readonly values?: () => Promise<ArrayLike<number>>;
  /** How far its values may be from the first contender's; the benchmark's own unless told. */
  readonly tolerance?: number;
}

export interface Timing {
  readonly name: string;
  /** Of one run. */
  readonly medianMs: number;
  /** Of one run, round by round. */
  readonly roundsMs: readonly number[];
  /** Runs in a measurement. */
  readonly times: number;
}

/** Middle value; the mean of the two middle ones for an even count. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (low + high) / 2;
}

/** What is shorter than this is repeated: the way to a GPU and back takes longer than a small product. */
const SHORTEST_MS = 200;
const MAX_TIMES = 1000;

async function elapsedMs(work: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

/** One contender between two rounds. */
class Lane {
  readonly #contender: Contender;
  readonly #roundsMs: number[] = [];
  /** Runs in a measurement; learnt in the first round. */
  #times = 0;

  constructor(contender: Contender) {
    this.#contender = contender;
  }

  async takeRound(): Promise<void> {
    const { prepare, run } = this.#contender;
    await prepare();
    if (this.#times === 0) {
      const onceMs = await elapsedMs(() => run(1));
      this.#times = Math.min(MAX_TIMES, Math.max(1, Math.ceil(SHORTEST_MS / onceMs)));
      // Long enough to count as it is.
      if (this.#times === 1) {
        this.#roundsMs.push(onceMs);
        return;
      }
    }
    const ms = await elapsedMs(() => run(this.#times));
    this.#roundsMs.push(ms / this.#times);
  }

  get timing(): Timing {
    const roundsMs = this.#roundsMs;
    return { name: this.#contender.name, medianMs: median(roundsMs), roundsMs, times: this.#times };
  }
}

/** Times the contenders round by round, so that a busy minute slows all of them alike. */
export async function timeInterleaved(
  contenders: readonly Contender[],
  rounds: number,
  onRound: (round: number) => void,
): Promise<Timing[]> {
  const lanes = contenders.map((contender) => new Lane(contender));
  for (let round = 0; round < rounds; round++) {
    for (const lane of lanes) await lane.takeRound();
    onRound(round + 1);
  }
  return lanes.map(({ timing }) => timing);
}

/** The machine in a line. */
export function describeMachine(): string {
  const [first] = cpus();
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  return `${first?.model.trim() ?? process.arch}, ${cpus().length} cores, ${memory} GiB, Node ${process.version}`;
}
