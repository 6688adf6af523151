/** Puts the parts of the page together, without React: stores, sessions, address, shortcuts. `App` draws what is here. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { TrainClient } from "../workers/client.ts";
import { createPacedClient, type PacedClient } from "../workers/pacedClient.ts";
import { createRecordedClient } from "../workers/recordedClient.ts";
import type { ActionContext } from "./actions/action.ts";
import { ACTIONS } from "./actions/actions.ts";
import { parseAddress } from "./address.ts";
import { followLoss } from "./followLoss.ts";
import { followStopRule } from "./followStopRule.ts";
import { followJobs } from "./judging.ts";
import { findScreenLock, keepAwake } from "./keepAwake.ts";
import { followLocation } from "./location.ts";
import { createPage, fetchRecording, type Page, type PageParts, type Side } from "./page.ts";
import { createRecordedSession } from "./recordedSession.ts";
import { createSession, fetchJson, type LiveSession } from "./session.ts";
import { createSharing } from "./sharing/sharing.ts";
import { attachShortcuts } from "./shortcuts.ts";
import { standStill } from "./stillDisplay.ts";
import { recallPromise } from "./storagePromise.ts";
import {
  type Connection,
  connectStores,
  createSharedStores,
  createStores,
  scheduleFrame,
} from "./stores/connectStores.ts";
import { createPageStore, createPlaybackStore, type Source } from "./stores/pageStore.ts";
import { createSettingsStore, type Memory, type SettingsStore, type Theme } from "./stores/settingsStore.ts";

/** What components reach. */
export type Playground = ActionContext;

export interface PlaygroundHost {
  readonly page: Page;
  readonly settings: SettingsStore;
  /** What components reach now: the recorded or the live run, or the live one standing still. */
  readonly shown: StoreApi<Playground>;
  dispose(): void;
}

export interface PlaygroundParts {
  readonly client: TrainClient;
  readonly fetchJson?: typeof fetchJson;
  readonly readRecording?: PageParts["readRecording"];
}

function openMemory(): Memory | null {
  try {
    return window.localStorage;
  } catch {
    // Blocked by the browser's privacy settings.
    return null;
  }
}

function followTheme(settings: SettingsStore): () => void {
  return settings.subscribe(({ theme }) => {
    document.documentElement.dataset.theme = theme;
  });
}

/** A visitor who saves data is asked before anything large moves. */
function savesData(): boolean {
  const { connection } = navigator as { connection?: { saveData?: boolean } };
  return connection?.saveData ?? false;
}

const wantsNoMotion = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Which side of the page is shown, and whether it stands still; a stage never does. */
function followShown(
  page: Page,
  settings: SettingsStore,
  views: Readonly<Record<Source, Playground>>,
): StoreApi<Playground> & { readonly dispose: () => void } {
  const shown = createStore<Playground>(() => views[page.store.getState().source]);
  let isStill = false;
  const follow = () => {
    const { source, view } = page.store.getState();
    const wasStill = isStill;
    isStill = source === "live" && view !== "present" && settings.getState().isDisplayPaused;
    if (isStill && wasStill) return;
    shown.setState(isStill ? standStill(views.live) : views[source], true);
  };
  const unfollow = [page.store.subscribe(follow), settings.subscribe(follow)];
  // What stood still belongs to a run that is over.
  const { run } = page.live.stores;
  unfollow.push(
    run.subscribe((now, before) => {
      const isNewRun = now.runId !== before.runId || now.step < before.step;
      if (isNewRun && settings.getState().isDisplayPaused) settings.setState({ isDisplayPaused: false });
    }),
  );
  return {
    ...shown,
    dispose() {
      for (const stop of unfollow) stop();
    },
  };
}

/** The live run goes at the pace that is set. */
function followSpeed(settings: SettingsStore, client: PacedClient): () => void {
  return settings.subscribe(({ speed }, before) => {
    if (speed !== before.speed) client.setSpeed(speed);
  });
}

/** Tells the worker when nobody looks, so that it saves. */
function reportVisibility(live: Side, connections: readonly Connection[]): () => void {
  const report = () => {
    for (const connection of connections) connection.flush();
    if (live.stores.run.getState().opening !== "idle") {
      live.session.send({ type: "reportVisibility", isHidden: document.hidden });
    }
  };
  document.addEventListener("visibilitychange", report);
  return () => document.removeEventListener("visibilitychange", report);
}

/** Shows what the address asks for; the model comes after the recording, and only unasked where that is fine. */
async function openPage(page: Page, follow: () => Promise<void>): Promise<void> {
  const { isLive, mayAutoload } = parseAddress(location.href);
  if (isLive) page.store.setState({ source: "live" });
  void page.live.session.prepare();
  await follow();
  const { opening } = page.live.stores.run.getState();
  if (opening === "idle" && mayAutoload && (isLive || !savesData())) await page.live.session.open();
}

/** Wires a worker's client and a player to fresh stores, and opens what the address names. */
export function createPlayground(parts: PlaygroundParts): PlaygroundHost {
  const { fetchJson: load = fetchJson } = parts;
  const client = createPacedClient(parts.client);
  const theme: Theme = document.documentElement.dataset.theme === "dark" ? "dark" : "light";
  const memory = openMemory();
  const settings = createSettingsStore(theme, memory);
  const shared = createSharedStores(memory);
  const rootUrl = new URL("./", location.origin + location.pathname).href;

  const liveStores = createStores(settings, shared);
  const live: Side<LiveSession> = {
    stores: liveStores,
    session: createSession({
      client,
      stores: liveStores,
      address: parseAddress(location.href),
      rootUrl,
      fetchJson: load,
    }),
  };
  const store = createPageStore();
  const playback = createPlaybackStore();
  const player = createRecordedClient((shown) => playback.setState(shown, true));
  const recordedStores = createStores(settings, shared);
  const recordedSession = createRecordedSession({
    client: player,
    playLive: (changes) => page.playLive(changes),
    reopen: () => void page.openLesson(store.getState().lesson),
  });
  const page = createPage({
    store,
    playback,
    player,
    recorded: { stores: recordedStores, session: recordedSession },
    live,
    readRecording: parts.readRecording ?? ((lesson) => fetchRecording(rootUrl, lesson)),
    fetchManifest: () => load(new URL("runs/manifest.json", rootUrl).href),
    mayMove: !wantsNoMotion(),
  });
  const sharing = createSharing(client);
  const views = {
    recorded: { source: "recorded", page, sharing, ...page.recorded },
    live: { source: "live", page, sharing, ...page.live },
  } as const;

  const connections = [
    connectStores(client, liveStores),
    connectStores(player, recordedStores, scheduleFrame, false),
  ];
  const shown = followShown(page, settings, views);
  const screen = findScreenLock();
  const unfollow = [
    attachShortcuts(ACTIONS, () => shown.getState()),
    followTheme(settings),
    followSpeed(settings, client),
    followStopRule(live),
    followLoss(live),
    ...(screen === null ? [] : [keepAwake(liveStores, screen)]),
    followJobs(live),
    reportVisibility(live, connections),
    shown.dispose,
  ];
  void recallPromise(liveStores.device);
  const address = followLocation(page);
  void openPage(page, address.follow);
  return {
    page,
    settings,
    shown,
    dispose() {
      address.dispose();
      for (const stop of unfollow) stop();
      sharing.dispose();
      for (const connection of connections) connection.disconnect();
      live.session.dispose();
      recordedSession.dispose();
    },
  };
}
