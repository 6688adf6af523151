/**
 * Times submits by when the queue says that they are done, where a device has no timestamps. A busy thread hears that
 * late and of many at once, so what it hears of together is timed as one. Knows no device and no clock.
 */
import type { Submit } from "./submitPacer.ts";

interface Waiting {
  readonly submit: Submit;
  readonly atMs: number;
}

export class QueueClock {
  readonly #report: (submit: Submit, busyMs: number) => void;
  readonly #waiting: Waiting[] = [];
  #heard: Waiting[] = [];
  #lastDoneMs = 0;

  /** @param report takes submits, merged into one where they were heard of together, and their time */
  constructor(report: (submit: Submit, busyMs: number) => void) {
    this.#report = report;
  }

  /** Work was handed over. */
  submitted(submit: Submit, nowMs: number): void {
    this.#waiting.push({ submit, atMs: nowMs });
  }

  /** The oldest work handed over is done. @returns whether it is the first heard of since `reportHeard` */
  finished(): boolean {
    const oldest = this.#waiting.shift();
    if (!oldest) return false;
    this.#heard.push(oldest);
    return this.#heard.length === 1;
  }

  /** Call one turn of the event loop after the first was heard of: it began when the work before ended, or when it came. */
  reportHeard(nowMs: number): void {
    const [first] = this.#heard;
    if (!first) return;
    const merged = new Map<string, number>();
    for (const { submit } of this.#heard) {
      for (const [kind, count] of submit) merged.set(kind, (merged.get(kind) ?? 0) + count);
    }
    const busyMs = nowMs - Math.max(this.#lastDoneMs, first.atMs);
    this.#heard = [];
    this.#lastDoneMs = nowMs;
    this.#report(merged, busyMs);
  }
}
