import { useState } from "react";
import { useRun } from "../../usePlayground.ts";
import { LEAP_STEPS } from "./cues.ts";

/** Holds what stands on the screen while it is spoken about, until the run is far from it. */
export function useHeld<T extends { readonly step: number }>(fresh: T | null): T | null {
  const [held, hold] = useState(fresh);
  const step = useRun((run) => run.step);
  const isStale = held === null || Math.abs(step - held.step) >= LEAP_STEPS;
  if (!isStale || fresh === null || fresh === held) return held;
  if (held === null || fresh.step !== held.step) hold(fresh);
  return fresh;
}
