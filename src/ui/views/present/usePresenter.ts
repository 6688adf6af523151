/** The presentation's keys, full screen and resting pointer, as long as it is shown. */
import { createContext, useContext, useEffect, useState, useSyncExternalStore } from "react";
import { useStore } from "zustand";
import { pressOf } from "../../shortcuts.ts";
import { usePlayground } from "../../usePlayground.ts";
import { type CueId, findCue, type Overlays } from "./cues.ts";
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

/** Makes the presentation's own state and listens for its keys before the page does. */
export function usePresenter(): OverlayStore {
  const playground = usePlayground();
  const [overlays] = useState(createOverlayStore);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const { hasShortcuts } = playground.stores.settings.getState();
      const cue = findCue(pressOf(event), hasShortcuts);
      if (event.defaultPrevented || cue === null) return;
      // Nobody else hears it: to the page the key means something else.
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat) perform(cue, playground, overlays);
    };
    window.addEventListener("keydown", listen, { capture: true });
    return () => window.removeEventListener("keydown", listen, { capture: true });
  }, [playground, overlays]);
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
