/** Choices of the person, kept in the browser: theme, curves, shortcuts, pace, tour; and edits of the recipe not yet in force. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { RunConfig } from "../../engine/config.ts";
import type { Speed } from "../../workers/timeline.ts";
import { NO_STOP, type StopRule } from "../stopRule.ts";
import { X_AXES, type XAxis } from "../xAxis.ts";

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
  /** What the curves run over. */
  readonly xAxis: XAxis;
  readonly hasShortcuts: boolean;
  /** Whether new runs begin with the seed of the one before. */
  readonly isSeedLocked: boolean;
  /** Of the live run; a recording has its own. */
  readonly speed: Speed;
  /** When the live run is to pause by itself. */
  readonly stopRule: StopRule;
  /** Whether the live run's pictures and curves stand still while it goes on. */
  readonly isDisplayPaused: boolean;
  /** Whether the screen is kept awake while a run trains, or the browser would not. */
  readonly awake: "off" | "wanted" | "refused";
  readonly judging: JudgingPlan;
  readonly isTableOpen: boolean;
  readonly isAdvancedOpen: boolean;
  readonly isHelpOpen: boolean;
  /** Place in the guided tour; null when nobody takes it. */
  readonly tourStop: number | null;
  /** The tour was taken or declined, so it is not offered again. */
  readonly isTourKnown: boolean;
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
  xAxis: "step",
  hasShortcuts: true,
  isSeedLocked: true,
  speed: "normal",
  stopRule: NO_STOP,
  isDisplayPaused: false,
  awake: "off",
  judging: { promptCount: 60, imagesPerPrompt: 4 },
  isTableOpen: false,
  isAdvancedOpen: false,
  isHelpOpen: false,
  tourStop: null,
  isTourKnown: false,
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
    const { smoothing, xAxis, hasShortcuts, isSeedLocked, isTourKnown, judging } =
      known as Partial<SettingsView>;
    const knownAxis = X_AXES.find((axis) => axis === xAxis);
    return {
      ...(typeof smoothing === "number" && smoothing >= 0 && smoothing <= 0.99 ? { smoothing } : {}),
      ...(knownAxis ? { xAxis: knownAxis } : {}),
      ...(typeof hasShortcuts === "boolean" ? { hasShortcuts } : {}),
      ...(typeof isTourKnown === "boolean" ? { isTourKnown } : {}),
      ...(typeof isSeedLocked === "boolean" ? { isSeedLocked } : {}),
      ...(isPlan(judging) ? { judging } : {}),
    };
  } catch {
    // Unreadable or forbidden memory (private window): the defaults are right.
    return {};
  }
}

function remember(memory: Memory | null, next: SettingsView, before: SettingsView): void {
  try {
    const { smoothing, xAxis, hasShortcuts, isSeedLocked, isTourKnown, judging } = next;
    const kept = { smoothing, xAxis, hasShortcuts, isSeedLocked, isTourKnown, judging };
    memory?.setItem(MEMORY_KEY, JSON.stringify(kept));
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
