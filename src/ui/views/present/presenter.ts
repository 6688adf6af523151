/** What a cue does to the page and to what lies over the beats. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { switchSource } from "../../actions/switchSource.ts";
import { beatAt } from "../../beats.ts";
import type { Page } from "../../page.ts";
import type { Playground } from "../../playground.ts";
import { HOME } from "../../routes.ts";
import { isLasting, type RunView } from "../../stores/runStore.ts";
import { type CueId, LEAP_STEPS, layOver, NO_OVERLAYS, type Overlays, whatToLeave } from "./cues.ts";

export type OverlayStore = StoreApi<Overlays>;
export const createOverlayStore = (): OverlayStore => createStore<Overlays>(() => NO_OVERLAYS);

/** A refusal (no right to, no such screen) changes nothing: the stage fills the window as it is. */
function toggleFullScreen(): void {
  const change = document.fullscreenElement
    ? document.exitFullscreen()
    : document.documentElement.requestFullscreen();
  change.catch(() => undefined);
}

function leave(page: Page, overlays: Overlays): void {
  const what = whatToLeave(overlays, document.fullscreenElement !== null);
  if (what === "fullScreen") toggleFullScreen();
  if (what === "view") page.navigate(HOME);
}

/** Steps on in a recording; a live run has no later ones. */
function leap({ source, page, stores }: Playground, steps: number): void {
  if (source === "recorded") page.player.seek(stores.run.getState().step + steps);
}

/** Does what a key or a button asks for. */
export function perform(cue: CueId, playground: Playground, overlays: OverlayStore): void {
  const { page } = playground;
  const before = overlays.getState();
  overlays.setState(layOver(before, cue), true);
  const { beat } = page.store.getState();
  if (cue === "next") page.store.setState({ beat: beatAt(beat, 1) });
  if (cue === "back") page.store.setState({ beat: beatAt(beat, -1) });
  if (cue === "later") leap(playground, LEAP_STEPS);
  if (cue === "earlier") leap(playground, -LEAP_STEPS);
  if (cue === "source") switchSource.run(playground);
  if (cue === "fullScreen" && document.fullscreenEnabled) toggleFullScreen();
  if (cue === "leave") leave(page, before);
}

/** A failure has stopped the run; where it goes on (a full disk, a file that was refused) the show does too. */
export function isBroken({
  failure,
  state,
  comeback,
}: Pick<RunView, "failure" | "state" | "comeback">): boolean {
  if (comeback?.resumedAt === null) return true;
  if (failure === null || failure.isFatal) return failure !== null;
  return state === "paused" && failure.step !== null && !isLasting(failure);
}

/**
 * When the live run breaks on the stage, its recording goes on from the same step.
 * @returns a function that ends the watch
 */
export function watchLive({ page }: Playground): () => void {
  return page.live.stores.run.subscribe((run, before) => {
    const hasBroken = isBroken(run) && !isBroken(before);
    if (hasBroken && page.store.getState().source === "live") void page.show("recorded");
  });
}
