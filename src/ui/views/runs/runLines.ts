/** The steps of runs side by side: who has which line, and where its points come from. */
import { useEffect } from "react";
import { useStore } from "zustand";
import type { RunSummary } from "../../../protocol/events.ts";
import { alignSeries } from "../../charts/alignSeries.ts";
import type { Series } from "../../charts/LineChart.tsx";
import type { PlotLine } from "../../plots.ts";
import { MetricColumns } from "../../stores/metricColumns.ts";
import { usePlayground } from "../../usePlayground.ts";
import { nameOf } from "./runFacts.ts";

/** Lines that are told apart by colour and dash; as many runs are compared at most. */
export const LINES: readonly Pick<PlotLine, "colour" | "isDashed">[] = [
  { colour: "--series-1", isDashed: false },
  { colour: "--series-2", isDashed: true },
  { colour: "--series-3", isDashed: false },
  { colour: "--series-4", isDashed: true },
  { colour: "--text", isDashed: false },
];

/** A run that is compared, and the line that it keeps while it is. */
export interface ComparedRun {
  readonly run: RunSummary;
  readonly line: (typeof LINES)[number];
}

const NO_STEPS = new MetricColumns();

/** The steps of each run: the open one's as they come, others' as they were saved, which are asked for. */
export function useHistories(compared: readonly ComparedRun[]): readonly MetricColumns[] {
  const { live } = usePlayground().page;
  const histories = useStore(live.stores.runs, (view) => view.histories);
  const own = useStore(live.stores.metrics, ({ columns }) => columns);
  useStore(live.stores.metrics, ({ version }) => version);
  const missing = compared
    .filter(({ run }) => !run.isOpen && histories[run.runId] === undefined)
    .map(({ run }) => run.runId)
    .join();
  useEffect(() => {
    for (const runId of missing === "" ? [] : missing.split(",")) {
      live.session.send({ type: "readHistory", runId });
    }
  }, [missing, live]);
  return compared.map(({ run }) => (run.isOpen ? own : (histories[run.runId]?.columns ?? NO_STEPS)));
}

/** One metric of several runs on the same steps. */
export function linesOf(
  metric: PlotLine["metric"],
  compared: readonly ComparedRun[],
  histories: readonly MetricColumns[],
): { readonly xs: Float32Array; readonly series: readonly Series[] } {
  const { xs, columns } = alignSeries(
    histories.map((history) => ({ xs: history.steps(), columns: [history.column(metric)] })),
  );
  const series = compared.map(({ run, line }, at) => ({
    ...line,
    label: nameOf(run),
    values: columns[at]?.[0] ?? new Float32Array(xs.length).fill(Number.NaN),
  }));
  return { xs, series };
}
