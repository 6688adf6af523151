/** Two states of the model that meet, and what may be asked of them. Pure. */
import type { ArenaView, Both } from "../stores/arenaStore.ts";
import type { RunView } from "../stores/runStore.ts";
import type { RunsView } from "../stores/runsStore.ts";
import { nameRun, WEIGHTS_WORDS } from "../text/weights.ts";
import { findWeights, listWeights, type WeightsOption } from "../weightsOptions.ts";

/** The states that meet: as chosen, else the model as it came and the best known other one. */
export function chosenWeights(
  options: readonly WeightsOption[],
  { sources: [first, second] }: ArenaView["ask"],
): Both<WeightsOption> {
  const model = findWeights(options, { of: "model" });
  const other = options.find(({ key }) => key !== model.key) ?? model;
  return [first ? findWeights(options, first) : model, second ? findWeights(options, second) : other];
}

/** What stands in the way of drawing a pair. */
export type Hindrance = "noModel" | "failed" | "drawing" | "noPrompt" | "sameWeights";

export function hindranceOf(
  { ask, job }: ArenaView,
  { opening, model, state }: Pick<RunView, "opening" | "model" | "state">,
  [first, second]: Both<WeightsOption>,
): Hindrance | null {
  if (state === "failed") return "failed";
  if (model === null || opening !== "ready") return "noModel";
  if (job !== null) return "drawing";
  if (ask.prompt.trim() === "") return "noPrompt";
  return first.key === second.key ? "sameWeights" : null;
}

/** A name that still says which one it was when another run is open. */
export function lastingName({ source, name }: WeightsOption, { runs }: RunsView): string {
  if (source.of === "model") return WEIGHTS_WORDS.model;
  const run = runs?.find(({ runId }) => runId === source.runId);
  return run ? nameRun(run) : name;
}

/** The weights to choose from, as the stores know them. */
export function weightsOf(run: RunView, runs: RunsView): WeightsOption[] {
  const { runId, step } = run;
  return listWeights(runs.runs, runId === null ? null : { runId, step, rewardMean: null });
}
