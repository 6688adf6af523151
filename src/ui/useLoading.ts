/** The download of the live model, as bytes, files and time to go. */
import { useRef } from "react";
import { addSample, estimateSecondsLeft, type Sample } from "./downloadTime.ts";
import type { FileProgress } from "./stores/runStore.ts";
import { useLive } from "./usePlayground.ts";

export interface Loading {
  readonly loadedBytes: number;
  readonly totalBytes: number;
  readonly files: readonly FileProgress[];
  /** Null while it is not known. */
  readonly secondsLeft: number | null;
}

export function useLoading(): Loading {
  const files = useLive((run) => run.files);
  const target = useLive((run) => run.target);
  const samples = useRef<readonly Sample[]>([]);
  const loadedBytes = files.reduce((sum, file) => sum + file.loadedBytes, 0);
  const announced = files.reduce((sum, file) => sum + file.totalBytes, 0);
  const totalBytes = Math.max(target?.bytes ?? 0, announced);
  if (samples.current.at(-1)?.bytes !== loadedBytes) {
    samples.current = addSample(samples.current, { atMs: performance.now(), bytes: loadedBytes });
  }
  return { loadedBytes, totalBytes, files, secondsLeft: estimateSecondsLeft(samples.current, totalBytes) };
}
