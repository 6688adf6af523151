/** What the stops look at, and what a visitor has changed by hand. Everything tried belongs to one group of one step. */
import { useState } from "react";
import type { RunConfig } from "../../../engine/config.ts";
import { computeAdvantages, groupStatistics } from "../../../engine/rl/advantage.ts";
import type { StepView } from "../../stores/galleryStore.ts";
import { useGallery, usePlayground, useRun } from "../../usePlayground.ts";
import { type LookedAt, lookAtGroup, oddOneOut, scoredStep } from "./lookedAt.ts";

interface Tries {
  /** Names the group that was tried with. */
  readonly of: string;
  readonly image: number | null;
  /** Place among the looks at the decoding. */
  readonly moment: number | null;
  readonly rewards: readonly number[] | null;
  /** Images compared: the first so many. */
  readonly compared: number | null;
}

const NOTHING: Omit<Tries, "of"> = { image: null, moment: null, rewards: null, compared: null };

export interface Study extends LookedAt {
  readonly config: RunConfig;
  /** The image whose numbers stand in the formulas. */
  readonly image: number;
  readonly moment: number | null;
  readonly temperature: number;
  /** [n] of the images compared; as measured until dragged. */
  readonly rewards: readonly number[];
  /** [G], the dragged ones of all images. */
  readonly allRewards: readonly number[];
  readonly advantages: readonly number[];
  readonly mean: number;
  readonly std: number;
  readonly isTried: boolean;
  /** A step that finished since the visitor began to try things with this one; null without. */
  readonly newerStep: number | null;
  readonly isHeld: boolean;
  try(change: Partial<Omit<Tries, "of">>): void;
  setTemperature(temperature: number): void;
  chooseGroup(at: number): void;
  /** Lets go of the step held, and of what was tried with it. */
  follow(): void;
}

/** Keeps the step from being replaced under the visitor's hands: a recording rests, a live run goes on without it. */
function useHold(shown: StepView | null, keep: (step: StepView | null) => void): () => void {
  const { source, session, stores } = usePlayground();
  return () => {
    if (source === "live") keep(shown);
    else if (stores.run.getState().state === "running") session.pause();
  };
}

/** Null while no step has been scored. */
export function useStudy(): Study | null {
  const { stores } = usePlayground();
  const [held, setHeld] = useState<StepView | null>(null);
  const [tries, setTries] = useState<Tries>({ of: "", ...NOTHING });
  const [temperature, setTemperature] = useState(1);
  const newest = useGallery(scoredStep);
  const selected = useGallery((gallery) => gallery.selectedGroup);
  const config = useRun((run) => run.config);
  const shown = held ?? newest;
  const hold = useHold(shown, setHeld);
  const lookedAt = lookAtGroup(shown, selected);
  if (!lookedAt || !config) return null;

  const { step, at, group } = lookedAt;
  const of = `${step.step}/${at}`;
  const tried = tries.of === of ? tries : { of, ...NOTHING };
  const allRewards = tried.rewards ?? group.judged.rewards;
  const rewards = allRewards.slice(0, tried.compared ?? allRewards.length);
  const isTried = tried.rewards !== null || tried.compared !== null;
  const advantages = isTried
    ? computeAdvantages(rewards, config.advantageClip, config.advantageScale)
    : group.scored.advantages;
  return {
    ...lookedAt,
    ...groupStatistics(rewards),
    config,
    image: tried.image ?? oddOneOut(group.scored.advantages),
    moment: tried.moment,
    temperature,
    rewards,
    allRewards,
    advantages,
    isTried,
    isHeld: held !== null,
    newerStep: held && newest && newest.step !== held.step ? newest.step : null,
    try(change) {
      hold();
      setTries({ ...tried, ...change });
    },
    setTemperature(changed) {
      hold();
      setTemperature(changed);
    },
    chooseGroup(next) {
      stores.gallery.setState({ selectedGroup: next });
    },
    follow() {
      setHeld(null);
    },
  };
}
