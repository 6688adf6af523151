/** The pictures: groups of the step at work, groups of the last finished step, and the filmstrip. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { EventOf, WireImage, WorkerEvent } from "../../protocol/events.ts";
import { type Decoding, followDecoding } from "./decoding.ts";
import { keepStep } from "./pastSteps.ts";

export interface GroupView {
  readonly drawn: EventOf<"groupDrawn">;
  readonly judged: EventOf<"groupJudged"> | null;
  readonly scored: EventOf<"groupScored"> | null;
}

export interface StepView {
  readonly step: number;
  readonly groupSize: number;
  /** One entry per prompt of the step; null until its images are drawn. */
  readonly groups: readonly (GroupView | null)[];
  readonly draw: EventOf<"drawProgressed"> | null;
  /** How the images came to be, token by token; null before the first decoding step. */
  readonly decoding: Decoding | null;
}

export interface Frame {
  readonly step: number;
  readonly image: WireImage;
}

export interface FilmstripRow {
  readonly prompt: string;
  readonly seed: string;
  readonly frames: readonly Frame[];
}

/** An image that is looked at closely: the run goes on, it stays. */
export interface Inspected {
  /** Its step as it was when the look began. */
  readonly step: StepView;
  readonly group: number;
  readonly at: number;
}

export interface GalleryView {
  readonly current: StepView | null;
  readonly finished: StepView | null;
  /** Finished steps whose groups are kept, ascending. */
  readonly past: readonly StepView[];
  readonly selectedGroup: number;
  readonly inspected: Inspected | null;
  readonly rows: readonly FilmstripRow[];
  /** Step looked at, in the group, the filmstrip and on the curves; null follows the newest. */
  readonly selectedStep: number | null;
  /** Step under the pointer, on a curve or in the filmstrip. */
  readonly hoveredStep: number | null;
  /** Step that the filmstrip compares with; null is the first one. */
  readonly pinnedStep: number | null;
  /** Row of the filmstrip that stands first; null leaves them in order. */
  readonly pinnedRow: number | null;
  /** Whether the filmstrip's two steps lie over each other, to be swiped between. */
  readonly isSwiped: boolean;
}

export const EMPTY_GALLERY: GalleryView = {
  current: null,
  finished: null,
  past: [],
  selectedGroup: 0,
  inspected: null,
  rows: [],
  selectedStep: null,
  hoveredStep: null,
  pinnedStep: null,
  pinnedRow: null,
  isSwiped: false,
};

type FrameRecord = Omit<EventOf<"filmstripDrawn">, "type">;

function addFrame(rows: readonly FilmstripRow[], record: FrameRecord): readonly FilmstripRow[] {
  const next = [...rows];
  while (next.length <= record.row) next.push({ prompt: record.prompt, seed: record.seed, frames: [] });
  const earlier = (next[record.row]?.frames ?? []).filter((frame) => frame.step < record.step);
  const frames = [...earlier, { step: record.step, image: record.image }];
  next[record.row] = { prompt: record.prompt, seed: record.seed, frames };
  return next;
}

function setGroup(
  gallery: GalleryView,
  step: number,
  at: number,
  change: (old: GroupView | null) => GroupView | null,
): GalleryView {
  const { current } = gallery;
  if (!current || current.step !== step || at >= current.groups.length) return gallery;
  const groups = current.groups.map((group, index) => (index === at ? change(group) : group));
  return { ...gallery, current: { ...current, groups } };
}

function startStep(gallery: GalleryView, event: EventOf<"stepStarted">): GalleryView {
  const groups = Array.from({ length: event.groups }, () => null);
  return {
    ...gallery,
    current: { step: event.step, groupSize: event.groupSize, groups, draw: null, decoding: null },
    selectedGroup: Math.min(gallery.selectedGroup, Math.max(0, event.groups - 1)),
  };
}

function followDraw(step: StepView, draw: EventOf<"drawProgressed">): StepView {
  return { ...step, draw, decoding: followDecoding(step.decoding, draw) };
}

function finishStep(gallery: GalleryView, finished: StepView): GalleryView {
  return { ...gallery, finished, past: keepStep(gallery.past, finished) };
}

/** The pictures after one event; pure. */
export function reduceGallery(gallery: GalleryView, event: WorkerEvent): GalleryView {
  switch (event.type) {
    case "runStarted":
      return {
        ...EMPTY_GALLERY,
        selectedGroup: gallery.selectedGroup,
        pinnedStep: gallery.pinnedStep,
        pinnedRow: gallery.pinnedRow,
        isSwiped: gallery.isSwiped,
        // A recording that begins anew must not take the picture from whoever looks at it.
        inspected: gallery.inspected,
        rows: event.filmstrip.reduce(addFrame, [] as readonly FilmstripRow[]),
      };
    case "stepStarted":
      return startStep(gallery, event);
    case "drawProgressed":
      return gallery.current?.step === event.step
        ? { ...gallery, current: followDraw(gallery.current, event) }
        : gallery;
    case "groupDrawn":
      return setGroup(gallery, event.step, event.group, () => ({ drawn: event, judged: null, scored: null }));
    case "groupJudged":
      return setGroup(gallery, event.step, event.group, (old) => old && { ...old, judged: event });
    case "groupScored":
      return setGroup(gallery, event.step, event.group, (old) => old && { ...old, scored: event });
    case "stepFinished":
      return gallery.current?.step === event.step ? finishStep(gallery, gallery.current) : gallery;
    case "filmstripDrawn":
      return { ...gallery, rows: addFrame(gallery.rows, event) };
    case "failed":
      return event.isFatal ? abandonStep(gallery) : gallery;
    default:
      return gallery;
  }
}

/** Drops a half-done step, so that the last finished one is shown again. */
export function abandonStep(gallery: GalleryView): GalleryView {
  return { ...gallery, current: gallery.finished };
}

/** All steps of which the filmstrip holds a frame, ascending. */
export function filmstripSteps(rows: readonly FilmstripRow[]): number[] {
  const steps = new Set(rows.flatMap((row) => row.frames.map((frame) => frame.step)));
  return [...steps].sort((a, b) => a - b);
}

/** The chosen group as it was last drawn: of the step at work, or else of the last finished one. */
export function lastDrawnGroup({
  current,
  finished,
  selectedGroup,
}: GalleryView): { readonly step: StepView; readonly group: GroupView } | null {
  for (const step of [current, finished]) {
    const group = step?.groups[Math.min(selectedGroup, step.groups.length - 1)];
    if (step && group) return { step, group };
  }
  return null;
}

/** The group looked at closely, with what has been learnt of it since. */
export function inspectedGroup({
  current,
  finished,
  inspected,
}: GalleryView): { readonly step: StepView; readonly group: GroupView; readonly at: number } | null {
  if (!inspected) return null;
  const step = [current, finished].find((known) => known?.step === inspected.step.step) ?? inspected.step;
  const group = step.groups[inspected.group];
  return group ? { step, group, at: inspected.at } : null;
}

/** The newest frame of a row that is not after a step; its first one before that. */
export function frameAt(row: FilmstripRow, step: number): Frame | null {
  return row.frames.findLast((frame) => frame.step <= step) ?? row.frames[0] ?? null;
}

/** The step `offset` away from the one looked at, between 0 and the newest; null when that is the newest. */
export function stepAway(newest: number, selected: number | null, offset: number): number | null {
  const next = Math.max(0, Math.min(selected ?? newest, newest) + offset);
  return next >= newest ? null : next;
}

export type GalleryStore = StoreApi<GalleryView>;
export const createGalleryStore = (): GalleryStore => createStore<GalleryView>(() => EMPTY_GALLERY);
