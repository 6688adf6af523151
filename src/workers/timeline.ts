/**
 * When the events of a recorded step are shown. A real step spends most of its time where there is nothing to see, so
 * each phase gets the time a viewer needs, and its events keep their order and spacing within it. Pure.
 */
import type { Phase } from "../protocol/events.ts";
import type { TimedEvent } from "../protocol/recording.ts";

export const SPEEDS = ["slow", "normal", "max"] as const;
export type Speed = (typeof SPEEDS)[number];

/** Milliseconds a phase is shown. "learn" holds the finished group before the eye; "max" shows steps, not phases. */
export const PACE: Readonly<Record<Speed, Readonly<Record<Phase, number>>>> = {
  slow: { sample: 2600, judge: 1500, score: 1500, learn: 2400 },
  normal: { sample: 900, judge: 400, score: 400, learn: 900 },
  max: { sample: 40, judge: 20, score: 20, learn: 80 },
};

/** How long the end of a run is shown before a loop begins again. */
export const LOOP_REST_MS = 3000;

/** A stretch of events between two beginnings of phases. */
interface Stretch {
  readonly phase: Phase | null;
  readonly events: TimedEvent[];
}

function cutIntoPhases(events: readonly TimedEvent[]): Stretch[] {
  const stretches: Stretch[] = [{ phase: null, events: [] }];
  for (const timed of events) {
    stretches.at(-1)?.events.push(timed);
    // What a phase brings comes before the next one begins, so the beginning closes a stretch.
    if (timed.event.type === "phaseStarted") stretches.push({ phase: timed.event.phase, events: [] });
  }
  return stretches;
}

/**
 * Milliseconds from the beginning of a step to each of its events.
 * @param events of one step, or of the beginning of a run, which takes no time
 * @returns [events], ascending
 */
export function paceEvents(events: readonly TimedEvent[], speed: Speed): number[] {
  let startMs = 0;
  let startedAtMs = events[0]?.atMs ?? 0;
  return cutIntoPhases(events).flatMap(({ phase, events: stretch }) => {
    const lengthMs = phase ? PACE[speed][phase] : 0;
    const endAtMs = stretch.at(-1)?.atMs ?? startedAtMs;
    const realMs = endAtMs - startedAtMs;
    const shares = stretch.map(({ atMs }) => (realMs > 0 ? (atMs - startedAtMs) / realMs : 1));
    const times = shares.map((share) => startMs + share * lengthMs);
    startMs += stretch.length > 0 ? lengthMs : 0;
    startedAtMs = endAtMs;
    return times;
  });
}
