/** Puts the parts of the page together, without React: stores, session, shortcuts. `App` draws what is here. */
import type { TrainClient } from "../workers/client.ts";
import type { ActionContext } from "./actions/action.ts";
import { ACTIONS } from "./actions/actions.ts";
import { parseAddress } from "./address.ts";
import { createSession, fetchJson } from "./session.ts";
import { createSharing } from "./sharing/sharing.ts";
import { attachShortcuts } from "./shortcuts.ts";
import { connectStores, createStores } from "./stores/connectStores.ts";
import { createSettingsStore, type Memory, type Theme } from "./stores/settingsStore.ts";

export interface Playground extends ActionContext {
  dispose(): void;
}

function openMemory(): Memory | null {
  try {
    return window.localStorage;
  } catch {
    // Blocked by the browser's privacy settings.
    return null;
  }
}

function followTheme(settings: ReturnType<typeof createSettingsStore>): () => void {
  return settings.subscribe(({ theme }) => {
    document.documentElement.dataset.theme = theme;
  });
}

/**
 * Wires a client to fresh stores and opens the model the address names.
 * @param load reads a JSON file; replaced in the harness
 */
export function createPlayground(client: TrainClient, load: typeof fetchJson = fetchJson): Playground {
  const theme: Theme = document.documentElement.dataset.theme === "dark" ? "dark" : "light";
  const settings = createSettingsStore(theme, openMemory());
  const stores = createStores(settings);
  const connection = connectStores(client, stores);
  const session = createSession({
    client,
    stores,
    address: parseAddress(location.href),
    rootUrl: new URL("./", location.origin + location.pathname).href,
    fetchJson: load,
  });
  const sharing = createSharing(client);
  const context = { stores, session, sharing };
  const reportVisibility = () => {
    connection.flush();
    session.send({ type: "reportVisibility", isHidden: document.hidden });
  };
  document.addEventListener("visibilitychange", reportVisibility);
  const detachShortcuts = attachShortcuts(ACTIONS, context);
  const unfollowTheme = followTheme(settings);
  void session.open();
  return {
    ...context,
    dispose() {
      document.removeEventListener("visibilitychange", reportVisibility);
      detachShortcuts();
      unfollowTheme();
      sharing.dispose();
      connection.disconnect();
      session.dispose();
    },
  };
}
