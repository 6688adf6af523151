/** The runs that are stored in this browser, as the worker lists them, and the steps of those that were asked for. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { EventOf, RunSummary, WorkerEvent } from "../../protocol/events.ts";
import { MetricColumns } from "./metricColumns.ts";

/** The steps of a stored run as they were saved then. */
export interface StoredHistory {
  readonly savedAtMs: number;
  readonly columns: MetricColumns;
}

export interface RunsView {
  /** Newest save first; null until the worker has listed them. */
  readonly runs: readonly RunSummary[] | null;
  /** By run. */
  readonly histories: Readonly<Record<string, StoredHistory>>;
}

const EMPTY_RUNS: RunsView = { runs: null, histories: {} };

function readColumns({ history, step }: EventOf<"historyRead">): MetricColumns {
  const columns = new MetricColumns();
  columns.pushAll(history, step);
  return columns;
}

/** The list after one event; pure. */
export function reduceRuns(view: RunsView, event: WorkerEvent): RunsView {
  switch (event.type) {
    case "runsListed": {
      // A run that went on since, or is gone, has other steps.
      const kept = event.runs.flatMap(({ runId, savedAtMs }) => {
        const history = view.histories[runId];
        return history?.savedAtMs === savedAtMs ? [[runId, history] as const] : [];
      });
      return { runs: event.runs, histories: Object.fromEntries(kept) };
    }
    case "historyRead": {
      const history = { savedAtMs: event.savedAtMs, columns: readColumns(event) };
      return { ...view, histories: { ...view.histories, [event.runId]: history } };
    }
    default:
      return view;
  }
}

export type RunsStore = StoreApi<RunsView>;
export const createRunsStore = (): RunsStore => createStore<RunsView>(() => EMPTY_RUNS);
