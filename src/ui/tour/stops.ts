/** The stops of the tour, as data: where each is, what is lit there, and what is done with the page on the way in and out. */
import type { Page } from "../page.ts";
import type { ViewId } from "../routes.ts";
import type { PageView } from "../stores/pageStore.ts";

export type TourStopId = "transport" | "group" | "advantage" | "curves" | "recipe" | "how" | "present";

export interface TourStop {
  readonly id: TourStopId;
  readonly view: ViewId;
  /** Which of the elements marked `data-tour="<id>"` is lit; the first one without it. */
  readonly pick?: (page: Page) => number;
  /** Done when the stop is reached, with its view shown or on its way. Doing it twice changes nothing. */
  readonly on?: (page: Page) => void;
  /** Done when it is left, in either direction. */
  readonly out?: (page: Page) => void;
}

/** Late enough for differences, early enough to have arrived. */
const SHOWN_STEP = 8;

/** A finished step that rests, so that there is something to look at. */
function rest({ player, playback, recorded }: Page): void {
  recorded.session.pause();
  player.seek(Math.min(SHOWN_STEP, playback.getState().loadedSteps));
}

/** Shows a group that taught something. */
function showTeachingGroup({ recorded }: Page): void {
  const { gallery } = recorded.stores;
  const { finished, selectedGroup } = gallery.getState();
  const groups = finished?.groups ?? [];
  const teaches = (at: number) => groups[at]?.scored?.isDead === false;
  const at = teaches(selectedGroup) ? selectedGroup : groups.findIndex((_, index) => teaches(index));
  if (at >= 0) gallery.setState({ selectedGroup: at });
}

/** The image that stands out of its group. */
function farthest({ recorded }: Page): number {
  const { finished, selectedGroup } = recorded.stores.gallery.getState();
  const sizes = (finished?.groups[selectedGroup]?.scored?.advantages ?? []).map(Math.abs);
  return Math.max(0, sizes.indexOf(Math.max(...sizes)));
}

/** On a narrow page the parts of the view are tabs. */
const showPart =
  (part: PageView["part"]) =>
  ({ store }: Page): void =>
    store.setState({ part });

const showFirstPart = showPart("now");

export const TOUR: readonly TourStop[] = [
  { id: "transport", view: "train" },
  { id: "group", view: "train", on: rest },
  { id: "advantage", view: "train", pick: farthest, on: showTeachingGroup },
  { id: "curves", view: "train", on: showPart("curves"), out: showFirstPart },
  { id: "recipe", view: "train", on: showPart("recipe"), out: showFirstPart },
  { id: "how", view: "how" },
  { id: "present", view: "present" },
];
