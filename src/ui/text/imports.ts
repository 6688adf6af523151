/** Words about files that were opened. */
import { formatBytes } from "./numbers.ts";

export const saidComparing = (name: string): string => `The curves now show ${name} in grey.`;

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
  reload: "Reload the page",
  nothingChanged: "Nothing was changed.",
} as const;
