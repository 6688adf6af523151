/** The curves: columns that grow in place, and a version that tells subscribers to look again. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { WorkerEvent } from "../../protocol/events.ts";
import { MetricColumns } from "./metricColumns.ts";

export interface ConfigMark {
  readonly step: number;
  readonly keys: readonly string[];
}

export interface MetricsView {
  readonly columns: MetricColumns;
  /** Moves whenever `columns` changed. */
  readonly version: number;
  /** Where the configuration changed while running. */
  readonly marks: readonly ConfigMark[];
}

/** The curves after one event. Columns are updated in place, everything else is replaced. */
export function reduceMetrics(view: MetricsView, event: WorkerEvent): MetricsView {
  const { columns } = view;
  switch (event.type) {
    case "runStarted": {
      columns.clear();
      const firstStep = event.step - event.history.length + 1;
      event.history.forEach((values, index) => {
        columns.push(values.step ?? firstStep + index, values);
      });
      return { ...view, version: view.version + 1, marks: event.changes };
    }
    case "stepFinished":
      columns.push(event.step, event.metrics);
      return { ...view, version: view.version + 1 };
    case "configChanged":
      return { ...view, marks: [...view.marks, { step: event.step, keys: event.keys }] };
    default:
      return view;
  }
}

export type MetricsStore = StoreApi<MetricsView>;
export const createMetricsStore = (): MetricsStore =>
  createStore<MetricsView>(() => ({ columns: new MetricColumns(), version: 0, marks: [] }));
