/** How components reach the stores and the session. */
import { createContext, useContext } from "react";
import { useStore } from "zustand";
import type { Playback } from "../workers/recordedClient.ts";
import type { Playground } from "./playground.ts";
import type { SharingView } from "./sharing/sharingStore.ts";
import type { ArenaView } from "./stores/arenaStore.ts";
import type { DeviceView } from "./stores/deviceStore.ts";
import type { GalleryView } from "./stores/galleryStore.ts";
import type { MetricsView } from "./stores/metricsStore.ts";
import type { PageView } from "./stores/pageStore.ts";
import type { RunView } from "./stores/runStore.ts";
import type { SettingsView } from "./stores/settingsStore.ts";
import type { VotesView } from "./stores/votesStore.ts";

export const PlaygroundContext = createContext<Playground | null>(null);

export function usePlayground(): Playground {
  const playground = useContext(PlaygroundContext);
  if (!playground) throw new Error("This component needs a PlaygroundContext around it.");
  return playground;
}

export const useRun = <T>(select: (run: RunView) => T): T => useStore(usePlayground().stores.run, select);
export const useMetrics = <T>(select: (metrics: MetricsView) => T): T =>
  useStore(usePlayground().stores.metrics, select);
export const useGallery = <T>(select: (gallery: GalleryView) => T): T =>
  useStore(usePlayground().stores.gallery, select);
export const useDevice = <T>(select: (device: DeviceView) => T): T =>
  useStore(usePlayground().stores.device, select);
export const useSettings = <T>(select: (settings: SettingsView) => T): T =>
  useStore(usePlayground().stores.settings, select);
export const useArena = <T>(select: (arena: ArenaView) => T): T =>
  useStore(usePlayground().stores.arena, select);
export const useVotes = <T>(select: (votes: VotesView) => T): T =>
  useStore(usePlayground().stores.votes, select);
export const useSharing = <T>(select: (sharing: SharingView) => T): T =>
  useStore(usePlayground().sharing.store, select);
export const usePage = <T>(select: (page: PageView) => T): T => useStore(usePlayground().page.store, select);
export const usePlayback = <T>(select: (playback: Playback) => T): T =>
  useStore(usePlayground().page.playback, select);
/** The live run, whichever is shown. */
export const useLive = <T>(select: (run: RunView) => T): T =>
  useStore(usePlayground().page.live.stores.run, select);
