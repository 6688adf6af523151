/** Rests after stretches of work, so that a machine that is also somebody's desktop stays fluid. Knows no device. */
import { sleep } from "./sleep.ts";

/** What of an `AbortSignal` is read. */
interface Stop {
  readonly aborted: boolean;
}

export interface WorkPort {
  /** At most this share of the time may be work, above 0 and up to 1; asked again while resting. */
  share(): number;
  /** Milliseconds of work so far, as far as known. */
  workedMs(): number;
  /** Resolves once all work handed over is done and known. */
  settle(): Promise<void>;
  now(): number;
}

/** Rests as long as the stretch asks for, or until stopped. */
export type Rest = (signal?: Stop) => Promise<void>;

/** A rest ends this soon after a stop or a change of the share. */
const SLICE_MS = 100;

export class DutyCycle {
  readonly #port: WorkPort;
  readonly #sleep: (ms: number) => Promise<void>;

  constructor(port: WorkPort, sleeping = sleep) {
    this.#port = port;
    this.#sleep = sleeping;
  }

  /** A stretch of work begins. @returns to be awaited at its end; at once, and without waiting for work, at full share */
  begin(): Rest {
    const port = this.#port;
    const [startedMs, workedBefore] = [port.now(), port.workedMs()];
    return async (signal) => {
      if (port.share() >= 1) return;
      await port.settle();
      const workedMs = port.workedMs() - workedBefore;
      while (!signal?.aborted) {
        const restMs = workedMs / port.share() - (port.now() - startedMs);
        if (restMs <= 0) return;
        await this.#sleep(Math.min(restMs, SLICE_MS));
      }
    };
  }
}
