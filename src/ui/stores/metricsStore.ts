/** The curves: columns that grow in place, and a version that tells subscribers to look again. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { EventOf, WorkerEvent } from "../../protocol/events.ts";
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
  /** Images that a step draws. */
  readonly imagesPerStep: number;
  /** Whether all steps are known to have drawn as many as the columns say. */
  readonly areImagesKnown: boolean;
}

/** Settings that change how many images a step draws. */
const COUNTING_KEYS: readonly string[] = ["groupSize", "promptsPerStep"];

function startRun(view: MetricsView, { config, ...event }: EventOf<"runStarted">): MetricsView {
  const { columns } = view;
  columns.clear();
  const imagesPerStep = config.groupSize * config.promptsPerStep;
  columns.pushAll(event.history, event.step, imagesPerStep);
  // What an earlier visit changed is known by name, not by value.
  const areImagesKnown = !event.changes.some(({ keys }) => keys.some((key) => COUNTING_KEYS.includes(key)));
  return { columns, version: view.version + 1, marks: event.changes, imagesPerStep, areImagesKnown };
}

/** The curves after one event. Columns are updated in place, everything else is replaced. */
export function reduceMetrics(view: MetricsView, event: WorkerEvent): MetricsView {
  const { columns } = view;
  switch (event.type) {
    case "runStarted":
      return startRun(view, event);
    case "stepStarted":
      return { ...view, imagesPerStep: event.groups * event.groupSize };
    case "stepFinished":
      columns.push(event.step, event.metrics, view.imagesPerStep);
      return { ...view, version: view.version + 1 };
    case "configChanged":
      return { ...view, marks: [...view.marks, { step: event.step, keys: event.keys }] };
    default:
      return view;
  }
}

export type MetricsStore = StoreApi<MetricsView>;
export const createMetricsStore = (): MetricsStore =>
  createStore<MetricsView>(() => ({
    columns: new MetricColumns(),
    version: 0,
    marks: [],
    imagesPerStep: 0,
    areImagesKnown: true,
  }));
