/** The words of the view "Runs": what is kept, what can be done with it, and how two runs differ. */
import { formatBytes } from "./numbers.ts";

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

export const RUNS_WORDS = {
  title: "Your runs",
  story: "Kept in this browser and nowhere else. Go on with one, pin what must stay, or see how they differ.",
  keptTitle: "Kept in this browser",
  load: "Runs are kept with the model that they train, so they are listed when it is open.",
  coming: "The model is on its way; its runs are listed when it is here.",
  looking: "Looking for runs…",
  none: "Nothing is kept yet. A run saves itself every few steps while you train.",
  train: "Train one",
  tidy: "The newest runs stay by themselves; older ones make room for them. Pinned runs always stay.",
  columns: { step: "step", reward: "reward", size: "size", saved: "saved" },
  open: "open",
  training: "training",
  pinned: "pinned",
  opening: "Opening…",
  preset: (preset: string) => `preset ${preset}`,
  begun: (kind: string, seed: number, when: string) => `${kind} · seed ${seed} · begun ${when}`,
  compare: (name: string) => `Compare ${name}`,
  more: (name: string) => `More for ${name}`,
  storage: "Storage",
  used: (count: number, bytes: number) => `${counted(count, "run", "runs")}, ${formatBytes(bytes)}`,
  granted: (used: number, quota: number) =>
    `this page uses ${formatBytes(used)} of the ${formatBytes(quota)} granted`,
  promises: {
    kept: "The browser has promised to keep it.",
    refused:
      "The browser makes no promise: when disk space is short it may delete it. Export what must stay.",
  },
  drop: "Drop a run here",
  dropHelp: "A zip of this page, a checkpoint or an adapter. It is checked first, and what is open goes on.",
  choose: "Choose a file…",
} as const;

export const RECORDED_WORDS = {
  title: "Recorded runs",
  story:
    "Real runs of the shipped model that came with this page. They play without a model and without a GPU.",
  play: "Play",
  steps: (steps: number) => counted(steps, "step", "steps"),
  unreadable: "The list of recordings could not be read.",
  looking: "Looking for recordings…",
} as const;

export const RUN_ACTION_WORDS = {
  open: "Open",
  openCopy: "Open a copy",
  goTo: "Go to it",
  branch: "Branch off a copy",
  pin: "Pin as it is now…",
  export: "Export",
  delete: "Delete…",
} as const;

export const PIN_WORDS = {
  title: "Pin this run",
  story: "A copy as it is now is kept under this title. Later steps do not change it.",
  field: "Title",
  pin: "Pin it",
  later: "Not now",
} as const;

export const DELETE_WORDS = {
  title: (name: string) => `Delete “${name}”?`,
  story: (step: number, bytes: number) =>
    `Its ${counted(step, "step", "steps")} and ${formatBytes(bytes)} are gone for good; a run that was exported can be brought back.`,
  open: "It is the run that is open. Training stops, and a new run with the same settings takes its place.",
  keep: "Keep it",
  exportFirst: "Export it first",
  delete: "Delete",
} as const;

export const COMPARE_WORDS = {
  title: "Compare runs",
  pick: (most: number) => `Tick two to ${most} runs above to see them side by side.`,
  pickOther: (name: string) => `Tick another run to compare with ${name}.`,
  caption: (names: readonly string[]) => `${names.join(" and ")}, side by side`,
  what: "What",
  preset: "preset",
  settings: "Settings that differ",
  same: "All settings are the same.",
  curve: "Curve",
  curveLabel: (metric: string, lasts: readonly string[]) => `${metric} over the steps: ${lasts.join("; ")}`,
  lastOf: (name: string, value: string) => `${name} ${value} at last`,
  table: (metric: string) => `${metric} of each step`,
  step: "step",
} as const;
