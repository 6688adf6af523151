/** The two states that are shown, and what is judged of them. Asks the worker for what is stored. */
import { useEffect, useMemo } from "react";
import { useStore } from "zustand";
import { chooseContestants, judgedNow, listContestants, lookUp } from "../../judging.ts";
import type { EvaluationView, Judged } from "../../stores/evaluationStore.ts";
import { nameState } from "../../text/judging.ts";
import { usePlayground, useRun } from "../../usePlayground.ts";
import { useIsOpen, useWeightsOptions } from "../../useWeights.ts";
import type { WeightsOption } from "../../weightsOptions.ts";

export const useEvaluation = <T>(select: (view: EvaluationView) => T): T =>
  useStore(usePlayground().page.live.stores.evaluation, select);

/** A state of the model in its place. */
export interface Contestant {
  readonly letter: "A" | "B";
  /** The last one is what the page is about; the other is what it came from. */
  readonly isAccent: boolean;
  readonly option: WeightsOption;
  /** With the step that was judged: training may have moved on. */
  readonly name: string;
  readonly judged: Judged | null;
  /** What is known is of the weights as they are now. */
  readonly isCurrent: boolean;
}

export interface Contest {
  readonly options: readonly WeightsOption[];
  /** A, and B where there is one. */
  readonly contestants: readonly Contestant[];
}

export function useContest(): Contest {
  const options = useWeightsOptions();
  const picked = useEvaluation((view) => view.picked);
  const judged = useEvaluation((view) => view.judged);
  return useMemo(() => {
    const shown = listContestants(chooseContestants(options, picked));
    const contestants = shown.map((option, at): Contestant => {
      const known = judged[option.key] ?? null;
      return {
        letter: at === 0 ? "A" : "B",
        isAccent: at === shown.length - 1,
        option,
        name: nameState(option.name, known?.step ?? option.step),
        judged: known,
        isCurrent: judgedNow({ judged }, option) !== null,
      };
    });
    return { options, contestants };
  }, [options, picked, judged]);
}

/** Looks up what is stored of what is shown, while nothing trains: the open run's weights stand still then. */
export function useLookUp({ contestants }: Contest): void {
  const { stores } = usePlayground().page.live;
  const isOpen = useIsOpen();
  const isResting = useRun((run) => run.state === "paused" || run.state === "empty");
  const isIdle = useEvaluation((view) => view.active === null);
  // A person changes what is wanted, training changes what the weights are.
  const wanted = contestants
    .filter(({ isCurrent }) => !isCurrent)
    .map(({ option }) => `${option.key} ${option.step}`);
  const shown = contestants.map(({ option }) => option.key);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the names stand for the contestants
  useEffect(() => {
    if (isOpen && isResting && isIdle && wanted.length > 0)
      lookUp(
        stores,
        contestants.map(({ option }) => option),
      );
  }, [isOpen, isResting, isIdle, wanted.join(), shown.join(), stores]);
}
