/** The states of the model that can be looked at: as it came, the open run, stored ones. */
import type { WeightsSource } from "../protocol/commands.ts";
import type { RunSummary } from "../protocol/events.ts";
import type { Stores } from "./stores/connectStores.ts";
import { describeProgress, nameRun, WEIGHTS_WORDS } from "./text/weights.ts";

export interface WeightsOption {
  /** Names the source in the page, and in lists. */
  readonly key: string;
  readonly source: WeightsSource;
  /** Finished steps; 0 for the model as it came. */
  readonly step: number;
  /** Under what heading it is listed, null for none. */
  readonly group: string | null;
  /** Short: under a picture. */
  readonly name: string;
  /** Step and reward, empty for the model as it came. */
  readonly progress: string;
}

/** The open run, as the page knows it before it is stored. */
export interface OpenRun {
  readonly runId: string;
  readonly step: number;
  readonly rewardMean: number | null;
}

export const MODEL_OPTION: WeightsOption = {
  key: "model",
  source: { of: "model" },
  step: 0,
  group: null,
  name: WEIGHTS_WORDS.model,
  progress: "",
};

export const keyOf = (source: WeightsSource): string =>
  source.of === "model" ? MODEL_OPTION.key : `run:${source.runId}`;

/**
 * @param runs as the worker lists them, null before it has
 * @param open null when no run is open; it counts as it is now, not as it was saved
 */
export function listWeights(runs: readonly RunSummary[] | null, open: OpenRun | null): WeightsOption[] {
  const others = (runs ?? []).filter(({ runId }) => runId !== open?.runId);
  const toOption = (run: RunSummary, group: string): WeightsOption => {
    const source = { of: "run", runId: run.runId } as const;
    const progress = describeProgress(run.step, run.rewardMean);
    return { key: keyOf(source), source, step: run.step, group, name: nameRun(run), progress };
  };
  const opened = (): WeightsOption[] => {
    if (!open) return [];
    const source = { of: "run", runId: open.runId } as const;
    const { step, rewardMean } = open;
    const progress = describeProgress(step, rewardMean);
    return [{ key: keyOf(source), source, step, group: null, name: WEIGHTS_WORDS.open, progress }];
  };
  const pinned = others.filter(({ isPinned }) => isPinned);
  const stored = others.filter(({ isPinned }) => !isPinned);
  return [
    MODEL_OPTION,
    ...opened(),
    ...pinned.map((run) => toOption(run, WEIGHTS_WORDS.pinned)),
    ...stored.map((run) => toOption(run, WEIGHTS_WORDS.stored)),
  ];
}

/** What can be picked now, by the stores. */
export function weightsIn({ runs, run, metrics }: Pick<Stores, "runs" | "run" | "metrics">): WeightsOption[] {
  const { runId, step } = run.getState();
  const rewardMean = metrics.getState().columns.last("rewardMean");
  return listWeights(runs.getState().runs, runId === null ? null : { runId, step, rewardMean });
}

/** The option of a source; the model as it came where the source is gone, as a deleted run is. */
export function findWeights(options: readonly WeightsOption[], source: WeightsSource): WeightsOption {
  const key = keyOf(source);
  return options.find((option) => option.key === key) ?? options[0] ?? MODEL_OPTION;
}
