/** Choices of the person, kept in the browser: theme, smoothing, shortcuts; and edits of the recipe not yet in force. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { RunConfig } from "../../engine/config.ts";

export type Theme = "light" | "dark";

/** How much is judged of a state of the model. */
export interface JudgingPlan {
  /** Test prompts; null for all. */
  readonly promptCount: number | null;
  readonly imagesPerPrompt: number;
}

export interface SettingsView {
  readonly theme: Theme;
  /** Weight of the past in the curves' moving average, 0 to 0.99. */
  readonly smoothing: number;
  readonly hasShortcuts: boolean;
  readonly judging: JudgingPlan;
  readonly isTableOpen: boolean;
  readonly isAdvancedOpen: boolean;
  readonly isHelpOpen: boolean;
  /** Values set on the page that the run does not have yet. */
  readonly draft: Readonly<Partial<RunConfig>>;
}

/** Where remembered choices are kept; `localStorage` fits. */
export type Memory = Pick<Storage, "getItem" | "setItem">;

const MEMORY_KEY = "unirl.settings";
/** index.html reads this key before the first paint. */
const THEME_KEY = "unirl.theme";

const DEFAULTS: Omit<SettingsView, "theme"> = {
  smoothing: 0.6,
  hasShortcuts: true,
  judging: { promptCount: 60, imagesPerPrompt: 4 },
  isTableOpen: false,
  isAdvancedOpen: false,
  isHelpOpen: false,
  draft: {},
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0;

function isPlan(value: unknown): value is JudgingPlan {
  if (typeof value !== "object" || value === null) return false;
  const { promptCount, imagesPerPrompt } = value as Partial<JudgingPlan>;
  return (promptCount === null || isCount(promptCount)) && isCount(imagesPerPrompt);
}

function recall(memory: Memory | null): Partial<SettingsView> {
  try {
    const known: unknown = JSON.parse(memory?.getItem(MEMORY_KEY) ?? "{}");
    if (typeof known !== "object" || known === null) return {};
    const { smoothing, hasShortcuts, judging } = known as Partial<SettingsView>;
    return {
      ...(typeof smoothing === "number" && smoothing >= 0 && smoothing <= 0.99 ? { smoothing } : {}),
      ...(typeof hasShortcuts === "boolean" ? { hasShortcuts } : {}),
      ...(isPlan(judging) ? { judging } : {}),
    };
  } catch {
    // Unreadable or forbidden memory (private window): the defaults are right.
    return {};
  }
}

function remember(memory: Memory | null, next: SettingsView, before: SettingsView): void {
  try {
    const { smoothing, hasShortcuts, judging } = next;
    memory?.setItem(MEMORY_KEY, JSON.stringify({ smoothing, hasShortcuts, judging }));
    if (next.theme !== before.theme) memory?.setItem(THEME_KEY, next.theme);
  } catch {
    // Storage is full or forbidden: the choice holds until the page closes.
  }
}

export type SettingsStore = StoreApi<SettingsView>;

/** @param theme the theme in force, as set before first paint */
export function createSettingsStore(theme: Theme, memory: Memory | null): SettingsStore {
  const store = createStore<SettingsView>(() => ({ ...DEFAULTS, theme, ...recall(memory) }));
  store.subscribe((next, before) => remember(memory, next, before));
  return store;
}
