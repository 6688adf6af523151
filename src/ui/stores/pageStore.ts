/** What the page shows beside a run: the view, the lesson, recorded or live, what a link hides and asked in vain. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Playback } from "../../workers/recordedClient.ts";
import { type Beat, FIRST_BEAT } from "../beats.ts";
import { DEFAULT_LESSON, type Lesson } from "../lessons/lessons.ts";
import type { Hideable, LinkProblem } from "../permalink.ts";
import { HOME, type ViewId } from "../routes.ts";

/** Where what is shown comes from. */
export type Source = "recorded" | "live";

export interface PageView {
  readonly view: ViewId;
  readonly source: Source;
  readonly lesson: Lesson;
  /** Where the presentation is. */
  readonly beat: Beat;
  /** The part of "Train" that a narrow page shows. */
  readonly part: "now" | "curves" | "recipe";
  readonly hidden: readonly Hideable[];
  readonly problems: readonly LinkProblem[];
}

export type PageStore = StoreApi<PageView>;
export const createPageStore = (): PageStore =>
  createStore<PageView>(() => ({
    view: HOME,
    source: "recorded",
    lesson: DEFAULT_LESSON,
    beat: FIRST_BEAT,
    part: "now",
    hidden: [],
    problems: [],
  }));

export type PlaybackStore = StoreApi<Playback>;
export const createPlaybackStore = (): PlaybackStore =>
  createStore<Playback>(() => ({ header: null, loadedSteps: 0, speed: "normal", isLooped: false }));
