/** The step whose group is shown: the one at work, or one that is looked back at. */
import { useMemo } from "react";
import type { WorkerEvent } from "../../../protocol/events.ts";
import { EMPTY_GALLERY, reduceGallery, type StepView } from "../../stores/galleryStore.ts";
import { recallStep } from "../../stores/pastSteps.ts";
import { useGallery, usePlayground, useSettings } from "../../usePlayground.ts";

export interface ShownStep {
  /** Null before the first step, and where the one looked back at is not kept. */
  readonly step: StepView | null;
  /** The step looked back at; null while the run is followed. */
  readonly lookedAt: number | null;
}

/** A step put together again from what happened in it. */
export function replayStep(events: readonly WorkerEvent[]): StepView | null {
  return events.reduce(reduceGallery, EMPTY_GALLERY).finished;
}

export function useShownStep(): ShownStep {
  const { source, page } = usePlayground();
  const lookedAt = useGallery((gallery) => gallery.selectedStep);
  const atWork = useGallery((gallery) => gallery.current);
  const finished = useGallery((gallery) => gallery.finished);
  const past = useGallery((gallery) => gallery.past);
  const speed = useSettings((settings) => settings.speed);
  const replayed = useMemo(
    () => (lookedAt === null || source === "live" ? null : replayStep(page.player.eventsOf(lookedAt))),
    [lookedAt, source, page],
  );
  if (lookedAt !== null) return { step: replayed ?? recallStep(past, lookedAt), lookedAt };
  // At the highest speed steps are shown, not how they come to be.
  const isWhole = source === "live" && speed === "max";
  return { step: (isWhole ? finished : null) ?? atWork ?? finished, lookedAt };
}
