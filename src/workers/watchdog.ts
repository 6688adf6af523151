/**
 * Tells a dead worker from a busy one. A wasm training pass blocks the worker's thread for seconds, so the allowed
 * silence grows with the longest silence this worker has survived. No timers of its own, no DOM: `client.ts` ticks it.
 */

/** Silence that means death once we know how this machine behaves: ux.md 4.6 "no heartbeat 10 s". */
const SHORTEST_LIMIT_MS = 10_000;
/** Before one whole step is known (or after its size changed) shader compilation and first passes may take long. */
const UNKNOWN_LIMIT_MS = 120_000;
/** A pass may take this many times the longest one seen before we doubt the worker. */
const SLACK = 4;
/** A tick this late means that the page itself slept (closed lid, background tab): the silence then proves nothing. */
const LATE_TICK_MS = 5000;

export interface Watchdog {
  /** A message came from the worker. */
  noteSign(nowMs: number): void;
  /** A whole step finished: from now on the silences seen are typical. */
  noteStep(): void;
  /** The work changed size, or nothing is known yet. */
  forgetTypical(): void;
  /** Call about once a second. @returns the silence in ms when it is too long, else null */
  check(nowMs: number): number | null;
}

export function createWatchdog(nowMs: number): Watchdog {
  let lastSignMs = nowMs;
  let lastTickMs = nowMs;
  let longestMs = 0;
  let isTypical = false;
  return {
    noteSign(atMs) {
      longestMs = Math.max(longestMs, atMs - lastSignMs);
      lastSignMs = atMs;
    },
    noteStep() {
      isTypical = true;
    },
    forgetTypical() {
      isTypical = false;
    },
    check(atMs) {
      const isLate = atMs - lastTickMs > LATE_TICK_MS;
      lastTickMs = atMs;
      if (isLate) lastSignMs = atMs;
      const limitMs = Math.max(isTypical ? SHORTEST_LIMIT_MS : UNKNOWN_LIMIT_MS, SLACK * longestMs);
      const silenceMs = atMs - lastSignMs;
      return silenceMs > limitMs ? silenceMs : null;
    },
  };
}
