/** The runs that are stored in this browser, as the worker lists them. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { RunSummary, WorkerEvent } from "../../protocol/events.ts";

export interface RunsView {
  /** Newest save first; null until the worker has listed them. */
  readonly runs: readonly RunSummary[] | null;
}

const EMPTY_RUNS: RunsView = { runs: null };

/** The list after one event; pure. */
export function reduceRuns(view: RunsView, event: WorkerEvent): RunsView {
  return event.type === "runsListed" ? { runs: event.runs } : view;
}

export type RunsStore = StoreApi<RunsView>;
export const createRunsStore = (): RunsStore => createStore<RunsView>(() => EMPTY_RUNS);
