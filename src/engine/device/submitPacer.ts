/**
 * How many dispatches go into one submit, so that the GPU is never busy for long without a chance to draw the desktop.
 * Learnt from how long the submits before took; knows no device and no clock.
 */

/** A frame at 60 Hz. */
const TARGET_MS = 16;
const MIN_DISPATCHES = 1;
const MAX_DISPATCHES = 256;
/** Before anything is known: tfjs's own choice. */
const FIRST_DISPATCHES = 15;
/** Weight of the newest submit in the running mean. */
const NEWEST = 0.3;

interface Submit {
  readonly dispatches: number;
  readonly atMs: number;
}

export class SubmitPacer {
  readonly #open: Submit[] = [];
  #lastDoneMs = 0;
  #msPerDispatch: number | null = null;

  /** Dispatches after which the next submit is due. */
  get batchSize(): number {
    if (this.#msPerDispatch === null) return FIRST_DISPATCHES;
    const fitting = Math.floor(TARGET_MS / Math.max(this.#msPerDispatch, TARGET_MS / MAX_DISPATCHES));
    return Math.min(MAX_DISPATCHES, Math.max(MIN_DISPATCHES, fitting));
  }

  /** Work was handed over. */
  submitted(dispatches: number, nowMs: number): void {
    this.#open.push({ dispatches, atMs: nowMs });
  }

  /** The oldest work handed over is done; it began when the one before it ended, or when it came. */
  finished(nowMs: number): void {
    const submit = this.#open.shift();
    if (!submit) return;
    const busyMs = nowMs - Math.max(this.#lastDoneMs, submit.atMs);
    this.#lastDoneMs = nowMs;
    if (submit.dispatches === 0) return;
    const measured = busyMs / submit.dispatches;
    // Longer work counts at once, shorter work only bit by bit: a mix of both must not surprise the desktop.
    this.#msPerDispatch =
      this.#msPerDispatch === null || measured > this.#msPerDispatch
        ? measured
        : this.#msPerDispatch * (1 - NEWEST) + measured * NEWEST;
  }
}
