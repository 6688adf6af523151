/** Puts the parts of the page together, without React: stores, sessions, address, shortcuts. `App` draws what is here. */
import type { TrainClient } from "../workers/client.ts";
import { createRecordedClient } from "../workers/recordedClient.ts";
import type { ActionContext } from "./actions/action.ts";
import { ACTIONS } from "./actions/actions.ts";
import { parseAddress } from "./address.ts";
import { followJobs } from "./judging.ts";
import { followLocation } from "./location.ts";
import { createPage, fetchRecording, type Page, type PageParts, type Side } from "./page.ts";
import { createRecordedSession } from "./recordedSession.ts";
import { createSession, fetchJson, type LiveSession } from "./session.ts";
import { createSharing } from "./sharing/sharing.ts";
import { attachShortcuts } from "./shortcuts.ts";
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
  /** What components reach while the recorded or the live run is shown. */
  readonly views: Readonly<Record<Source, Playground>>;
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
  if (opening === "idle" && (isLive || (mayAutoload && !savesData()))) await page.live.session.open();
}

/** Wires a worker's client and a player to fresh stores, and opens what the address names. */
export function createPlayground(parts: PlaygroundParts): PlaygroundHost {
  const { client, fetchJson: load = fetchJson } = parts;
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
  const detachShortcuts = attachShortcuts(ACTIONS, () => views[store.getState().source]);
  const unfollowTheme = followTheme(settings);
  const unfollowJobs = followJobs(live);
  const unfollowVisibility = reportVisibility(live, connections);
  const address = followLocation(page);
  void openPage(page, address.follow);
  return {
    page,
    settings,
    views,
    dispose() {
      address.dispose();
      unfollowVisibility();
      detachShortcuts();
      unfollowTheme();
      unfollowJobs();
      sharing.dispose();
      for (const connection of connections) connection.disconnect();
      live.session.dispose();
      recordedSession.dispose();
    },
  };
}
