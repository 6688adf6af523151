/** Words about what a person takes away and brings back. */
import { formatBytes } from "./numbers.ts";

export const SHARE_WORDS = {
  menu: "Share",
  pictures: "Pictures",
  numbers: "Numbers",
  run: "The whole run",
  saveCurve: (title: string) => `Save “${title}” as a picture`,
  drop: "Drop it to open it",
  dropHelp: "A run, a checkpoint, an adapter, a picture with settings, or metrics to compare with.",
  close: "Close",
  compare: (name: string) => `Compared with ${name}`,
  stopComparing: "Stop comparing",
} as const;

/** What is being made, said while it takes a moment. */
export const BUSY_WORDS = {
  picture: "Drawing the picture…",
  animation: (done: number, total: number) => `Drawing frame ${done} of ${total}…`,
  numbers: "Writing the numbers…",
  run: "Packing the run…",
  reading: (name: string) => `Reading ${name}…`,
} as const;

export const saidSaved = (name: string, bytes: number): string => `Saved ${name} (${formatBytes(bytes)})`;

export const IMPORT_WORDS = {
  configTitle: "Settings found in this picture",
  configFacts: (modelId: string, preset: string, seed: number, step: number) =>
    `Made with ${modelId}, preset ${preset}, seed ${seed}, after ${step} ${step === 1 ? "step" : "steps"}.`,
  otherModel: (openId: string) => `Here ${openId} is open, so the run will differ.`,
  noDifference: "They are the settings of the run that is open.",
  differences: "Different from the run that is open:",
  useConfig: "Start a run with them",
  keepMine: "Keep mine",
  runTitle: "The run is stored in this browser",
  runFacts: (step: number, reward: number | null, bytes: number) =>
    `Step ${step}${reward === null ? "" : ` · reward ${reward.toFixed(2)}`} · ${formatBytes(bytes)}`,
  openRun: (step: number) => (step === 0 ? "Begin with it" : `Continue at step ${step}`),
  later: "Not now",
  refusedTitle: "This file was not opened",
  nothingChanged: "Nothing was changed.",
} as const;

/** Captions inside pictures. */
export const FIGURE_WORDS = {
  curves: "Curves",
  afterSteps: (step: number) => `after ${step} ${step === 1 ? "step" : "steps"}`,
  stepLabel: (step: number) => `step ${step}`,
  overSteps: "Over training steps.",
  reference: (name: string) => `Grey: ${name}.`,
  asks: (question: string) => `It asks itself: ${question}`,
  gold: (gold: string) => `Right answer: ${gold}`,
  noAnswer: "(no answer)",
  reward: (reward: number) => `reward ${reward.toFixed(2)}`,
  filmstrip: "Same prompt, same seed",
  filmstripNote: "What the model draws while it learns from its own answers.",
} as const;
