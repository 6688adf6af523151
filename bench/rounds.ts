/** Fair timing: all contenders in every round, in turns, and the median over the rounds. */
import { cpus, totalmem } from "node:os";

/** One thing to time; `run` returns when its result is really there. */
export interface Contender {
  readonly name: string;
  /** Called once before every round's measurement, untimed: backend up, caches warm. */
  readonly prepare: () => Promise<void>;
  readonly run: () => Promise<void>;
}

export interface Timing {
  readonly name: string;
  readonly medianMs: number;
  readonly roundsMs: readonly number[];
}

/** Middle value; the mean of the two middle ones for an even count. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (low + high) / 2;
}

/** Times the contenders round by round, so that a busy minute slows all of them alike. */
export async function timeInterleaved(
  contenders: readonly Contender[],
  rounds: number,
  onRound: (round: number) => void,
): Promise<Timing[]> {
  const times = contenders.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [at, contender] of contenders.entries()) {
      await contender.prepare();
      const startMs = performance.now();
      await contender.run();
      times[at]?.push(performance.now() - startMs);
    }
    onRound(round + 1);
  }
  return contenders.map(({ name }, at) => {
    const roundsMs = times[at] ?? [];
    return { name, medianMs: median(roundsMs), roundsMs };
  });
}

/** The machine in a line. */
export function describeMachine(): string {
  const [first] = cpus();
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  return `${first?.model.trim() ?? process.arch}, ${cpus().length} cores, ${memory} GiB, Node ${process.version}`;
}
