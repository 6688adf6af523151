/** Seeds: of new runs, and of pictures that are to be drawn again. */
import type { RunConfig } from "../engine/config.ts";
import type { SettingsView } from "./stores/settingsStore.ts";

/** Short enough to be read out, large enough not to come twice. */
const SEEDS = 1_000_000;

export function rollSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1)).reduce((_, bits) => bits % SEEDS, 0);
}

/** What a new run changes: the drafts, and where the seed is not held, a seed of its own. */
export function newRunChanges({
  draft,
  isSeedLocked,
}: Pick<SettingsView, "draft" | "isSeedLocked">): Partial<RunConfig> {
  return isSeedLocked || draft.seed !== undefined ? draft : { ...draft, seed: rollSeed() };
}

/** Address at which the Arena draws a prompt from the seed of one picture. */
export function arenaHash(prompt: string, seed: string): string {
  return `#/arena?prompt=${encodeURIComponent(prompt)}&seed=${encodeURIComponent(seed)}`;
}
