/**
 * Keeps the address and the page in step: what the page shows is written behind the hash, quietly and not too often,
 * and an address that somebody goes to is shown.
 */
import { diffConfig } from "../engine/config.ts";
import { configOf } from "./lessons/lessons.ts";
import type { Page } from "./page.ts";
import { addressOptions, hasState, type Link, readDrawing, readLink, writeLink } from "./permalink.ts";
import { HOME, parseHash, routeOf } from "./routes.ts";

/** State is written at most this often; browsers refuse more than a few replacements a second. */
const WRITE_AFTER_MS = 400;
const SITE = "UniRL Playground";

/** What a link to the page as it is now says. */
export function describePage(page: Page): Omit<Link, "problems"> {
  const { view, source, lesson, beat, hidden } = page.store.getState();
  const { stores } = source === "live" ? page.live : page.recorded;
  const { config, state, step: finished } = stores.run.getState();
  const base = configOf(lesson);
  const present = { ...(config ?? base), ...stores.settings.getState().draft };
  const changes = Object.fromEntries(diffConfig(base, present).map((key) => [key, present[key]]));
  const steps = page.playback.getState().header?.steps ?? 0;
  const { selectedStep } = stores.gallery.getState();
  const isLookedAt = source === "recorded" && state === "paused" && finished > 0 && finished < steps;
  const { prompt, seed } = stores.arena.getState().ask;
  return {
    view,
    lesson,
    changes,
    step: selectedStep ?? (isLookedAt ? finished : null),
    beat,
    drawing: source === "live" && prompt !== "" ? { prompt, seed } : null,
    hidden,
  };
}

/** The whole address of the page as it is now. */
export function linkTo(page: Page): string {
  return new URL(writeLink(describePage(page), addressOptions(location.hash)), location.href).href;
}

function focusMain(): void {
  document.getElementById("main")?.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

export interface LocationSync {
  /** Shows what the present address asks for. */
  follow(): Promise<void>;
  dispose(): void;
}

/** Begins to keep them in step; call `follow` once to show the first address. */
export function followLocation(page: Page): LocationSync {
  /** Hashes that the page wrote itself: going back to one changes the view, not what happened since. */
  const written = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | null = null;
  /** The hash that the page shows, or has written. */
  let known = location.hash;

  const write = () => {
    timer = null;
    // Somebody goes elsewhere: `arrive` is on its way, and writing now would take them back.
    if (location.hash !== known) return;
    const hash = writeLink(describePage(page), addressOptions(location.hash));
    written.add(hash);
    if (hash !== known) history.replaceState(history.state, "", hash);
    known = location.hash;
  };
  const writeSoon = () => {
    timer ??= setTimeout(write, WRITE_AFTER_MS);
  };
  const showTitle = () => {
    const { view } = page.store.getState();
    const { state, step } = page.live.stores.run.getState();
    // Nobody sees the page of a hidden tab, but its title.
    if (document.hidden && state === "running") document.title = `Step ${step} · ${SITE}`;
    else document.title = view === HOME ? SITE : `${routeOf(view).title} · ${SITE}`;
  };
  const arrive = () => {
    const { hash } = location;
    known = hash;
    const { view } = parseHash(hash);
    const isNew = hasState(hash) && !written.has(hash);
    if (isNew || view === null) void page.follow(readLink(hash));
    else page.showView(view, readDrawing(hash));
    writeSoon();
    requestAnimationFrame(focusMain);
  };

  const stores = [page.recorded.stores, page.live.stores].flatMap(({ run, gallery }) => [run, gallery]);
  const unfollow = [
    page.store.subscribe(showTitle),
    page.live.stores.run.subscribe(showTitle),
    page.store.subscribe(writeSoon),
    page.live.stores.settings.subscribe(writeSoon),
    page.live.stores.arena.subscribe(writeSoon),
    ...stores.map((store) => store.subscribe(writeSoon)),
  ];
  window.addEventListener("hashchange", arrive);
  document.addEventListener("visibilitychange", showTitle);
  return {
    async follow() {
      await page.follow(readLink(location.hash));
    },
    dispose() {
      if (timer !== null) clearTimeout(timer);
      for (const stop of unfollow) stop();
      window.removeEventListener("hashchange", arrive);
      document.removeEventListener("visibilitychange", showTitle);
    },
  };
}
