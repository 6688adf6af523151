import { useState } from "react";
import type { RunSummary } from "../../../protocol/events.ts";
import { type ComparedRun, LINES } from "./runLines.ts";

/** The runs that are ticked to be compared: each takes a free line and keeps it. */
export function usePicked(runs: readonly RunSummary[]): {
  readonly compared: readonly ComparedRun[];
  pick(runId: string, isPicked: boolean): void;
} {
  const [picked, setPicked] = useState<readonly (string | null)[]>(LINES.map(() => null));
  const compared = LINES.flatMap((line, at) => {
    const run = runs.find(({ runId }) => runId === picked[at]);
    return run ? [{ run, line }] : [];
  });
  const isThere = (runId: string | null) => runs.some((run) => run.runId === runId);
  const pick = (runId: string, isPicked: boolean) => {
    const others = picked.map((id) => (id !== runId && isThere(id) ? id : null));
    const free = others.indexOf(null);
    setPicked(isPicked ? others.map((id, at) => (at === free ? runId : id)) : others);
  };
  return { compared, pick };
}
