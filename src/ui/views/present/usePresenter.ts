/** The presentation's keys, full screen and resting pointer, as long as it is shown. */
import { createContext, useContext, useEffect, useState, useSyncExternalStore } from "react";
import { useStore } from "zustand";
import type { Playground } from "../../playground.ts";
import { pressOf } from "../../shortcuts.ts";
import { usePlayground } from "../../usePlayground.ts";
import { type CueId, findCue, type Overlays } from "./cues.ts";
import { dressWindow } from "./dressWindow.ts";
import { createOverlayStore, type OverlayStore, perform, watchLive } from "./presenter.ts";

const REST_AFTER_MS = 3000;

export const OverlayContext = createContext<OverlayStore | null>(null);

function useOverlayStore(): OverlayStore {
  const store = useContext(OverlayContext);
  if (!store) throw new Error("This component needs an OverlayContext around it.");
  return store;
}

export const useOverlays = <T>(select: (overlays: Overlays) => T): T => useStore(useOverlayStore(), select);

/** Does a cue, as a key would. */
export function useCue(): (cue: CueId) => void {
  const playground = usePlayground();
  const overlays = useOverlayStore();
  return (cue) => perform(cue, playground, overlays);
}

function followFullScreen(changed: () => void): () => void {
  document.addEventListener("fullscreenchange", changed);
  return () => document.removeEventListener("fullscreenchange", changed);
}

export const useIsFullScreen = (): boolean =>
  useSyncExternalStore(followFullScreen, () => document.fullscreenElement !== null);

/** Does what keys ask for that are pressed in a window. @returns a function that stops listening */
function listenForCues(target: Window, playground: Playground, overlays: OverlayStore): () => void {
  const listen = (event: KeyboardEvent) => {
    const { hasShortcuts } = playground.stores.settings.getState();
    const cue = findCue(pressOf(event), hasShortcuts);
    if (event.defaultPrevented || cue === null) return;
    // Nobody else hears it: to the page the key means something else.
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) perform(cue, playground, overlays);
  };
  target.addEventListener("keydown", listen, { capture: true });
  return () => target.removeEventListener("keydown", listen, { capture: true });
}

/** Opens a window for the presenter's eyes, whose keys do the same. @returns where its contents go; null until it is open */
export function useNotesWindow(): HTMLElement | null {
  const playground = usePlayground();
  const overlays = useOverlayStore();
  const [body, setBody] = useState<HTMLElement | null>(null);
  useEffect(() => {
    const popup = window.open("", "unirl-notes", "popup,width=620,height=720");
    if (!popup) {
      // The browser forbids windows: the notes stand on the stage then.
      overlays.setState({ hasNotesWindow: false, hasNotes: true });
      return;
    }
    dressWindow(popup);
    const stop = listenForCues(popup, playground, overlays);
    const close = () => overlays.setState({ hasNotesWindow: false });
    popup.addEventListener("pagehide", close);
    setBody(popup.document.body);
    return () => {
      stop();
      popup.removeEventListener("pagehide", close);
      popup.close();
    };
  }, [playground, overlays]);
  return body;
}

/** Makes the presentation's own state and listens for its keys before the page does. */
export function usePresenter(): OverlayStore {
  const playground = usePlayground();
  const [overlays] = useState(createOverlayStore);
  useEffect(() => listenForCues(window, playground, overlays), [playground, overlays]);
  useEffect(() => watchLive(playground), [playground]);
  useEffect(
    () => () => {
      if (document.fullscreenElement) document.exitFullscreen().catch(() => undefined);
    },
    [],
  );
  return overlays;
}

/** True when the pointer has not moved for a while. */
export function useIsPointerResting(): boolean {
  const [isResting, setResting] = useState(false);
  useEffect(() => {
    let timer = setTimeout(() => setResting(true), REST_AFTER_MS);
    const move = () => {
      setResting(false);
      clearTimeout(timer);
      timer = setTimeout(() => setResting(true), REST_AFTER_MS);
    };
    window.addEventListener("pointermove", move);
    return () => {
      clearTimeout(timer);
      window.removeEventListener("pointermove", move);
    };
  }, []);
  return isResting;
}
