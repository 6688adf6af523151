/** The download of the live model, as bytes, parts and time to go. */
import { useRef } from "react";
import { addSample, estimateSecondsLeft, type Sample } from "./downloadTime.ts";
import { type LoadingPart, mergeParts } from "./loadingParts.ts";
import { useLive } from "./usePlayground.ts";

export interface Loading {
  readonly loadedBytes: number;
  readonly totalBytes: number;
  readonly parts: readonly LoadingPart[];
  /** Null while it is not known. */
  readonly secondsLeft: number | null;
}

export function useLoading(): Loading {
  const files = useLive((run) => run.files);
  const target = useLive((run) => run.target);
  const samples = useRef<readonly Sample[]>([]);
  const parts = mergeParts(target, files);
  const loadedBytes = parts.reduce((sum, part) => sum + part.loadedBytes, 0);
  const totalBytes = target?.bytes ?? 0;
  if (samples.current.at(-1)?.bytes !== loadedBytes) {
    samples.current = addSample(samples.current, { atMs: performance.now(), bytes: loadedBytes });
  }
  return { loadedBytes, totalBytes, parts, secondsLeft: estimateSecondsLeft(samples.current, totalBytes) };
}
