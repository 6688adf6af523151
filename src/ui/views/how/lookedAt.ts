/** Which step, group and image the stops are about. Pure. */
import type { GalleryView, GroupView, StepView } from "../../stores/galleryStore.ts";

/** A group that has been through all phases before learning. */
export type ScoredGroup = { readonly [Part in keyof GroupView]: NonNullable<GroupView[Part]> };

export interface LookedAt {
  readonly step: StepView;
  /** Place of the group in its step. */
  readonly at: number;
  readonly group: ScoredGroup;
}

const isScored = (group: GroupView | null | undefined): group is ScoredGroup =>
  group?.judged != null && group.scored !== null;

/** The newest step that has been scored whole: numbers of half a step would come and go. */
export function scoredStep({ current, finished }: GalleryView): StepView | null {
  if (finished) return finished;
  return current?.groups.every(isScored) ? current : null;
}

/** The chosen group of a step, or the nearest before it that was scored. */
export function lookAtGroup(step: StepView | null, selected: number): LookedAt | null {
  if (!step) return null;
  for (let at = Math.min(selected, step.groups.length - 1); at >= 0; at--) {
    const group = step.groups[at];
    if (isScored(group)) return { step, at, group };
  }
  return null;
}

/** The image that differs most from its group: the one with most to tell. @param advantages [G] */
export function oddOneOut(advantages: readonly number[]): number {
  const sizes = advantages.map(Math.abs);
  return Math.max(0, sizes.indexOf(Math.max(...sizes)));
}
