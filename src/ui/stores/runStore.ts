/** What the run is doing: model, state, phase, configuration, last save, and what went wrong. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { RunConfig } from "../../engine/config.ts";
import type { EventOf, Phase, RunState, WorkerEvent } from "../../protocol/events.ts";

export type Opening = "idle" | "checking" | "download" | "upload" | "warmUp" | "ready";

export interface FileProgress {
  readonly file: string;
  readonly loadedBytes: number;
  readonly totalBytes: number;
}

export interface Failure {
  readonly error: EventOf<"failed">["error"];
  readonly isFatal: boolean;
  readonly step: number | null;
}

/** A lost device that the page brings the run back from by itself. */
export interface Comeback {
  /** Step that was worked on, or finished last. */
  readonly lostAt: number;
  /** Step of the checkpoint that the run went on from, 0 where there was none; null until it is back. */
  readonly resumedAt: number | null;
}

export interface Target {
  readonly id: string;
  readonly title: string;
  /** All that is downloaded: the model and its judge. */
  readonly bytes: number;
  /** Its parts: the model's files, and the judge as one. */
  readonly parts: readonly { readonly name: string; readonly bytes: number }[];
  /** Whether its world has an outside judge. */
  readonly hasJudge: boolean;
}

export interface RunView {
  readonly opening: Opening;
  /** What the model to be opened is called and costs, from the manifest. */
  readonly target: Target | null;
  readonly files: readonly FileProgress[];
  /** Of the shaders that a step needs; null where none were announced. */
  readonly shaders: { readonly compiled: number; readonly total: number } | null;
  readonly model: EventOf<"modelReady"> | null;
  readonly resumeOffer: EventOf<"resumeOffered"> | null;
  readonly state: RunState;
  readonly runId: string | null;
  readonly preset: string;
  readonly config: RunConfig | null;
  /** Steps finished so far. */
  readonly step: number;
  /** Step being worked on; null between steps. */
  readonly activeStep: number | null;
  readonly phase: Phase | null;
  readonly lastSave: { readonly step: number; readonly savedAtMs: number; readonly sizeBytes: number } | null;
  /** Step of the checkpoint that the run can be rolled back to; null where there is none. */
  readonly savedStep: number | null;
  readonly failure: Failure | null;
  readonly comeback: Comeback | null;
}

export const EMPTY_RUN: RunView = {
  opening: "idle",
  target: null,
  files: [],
  shaders: null,
  model: null,
  resumeOffer: null,
  state: "empty",
  runId: null,
  preset: "robust",
  config: null,
  step: 0,
  activeStep: null,
  phase: null,
  lastSave: null,
  savedStep: null,
  failure: null,
  comeback: null,
};

function mergeFile(files: readonly FileProgress[], event: EventOf<"modelProgressed">): FileProgress[] {
  const { file, loadedBytes, totalBytes } = event;
  const next = { file, loadedBytes, totalBytes };
  return files.some((known) => known.file === file)
    ? files.map((known) => (known.file === file ? next : known))
    : [...files, next];
}

function reduceProgress(run: RunView, event: EventOf<"modelProgressed">): RunView {
  const files = event.stage === "download" ? mergeFile(run.files, event) : run.files;
  return { ...run, opening: event.stage, files };
}

/** Trouble with storage outlives the start of a run: it still is not saved. */
export function isLasting(failure: Failure | null): boolean {
  return failure?.error.code === "storageUnavailable" || failure?.error.code === "storageFull";
}

/** The run is back where it was saved; another start has nothing to do with the loss. */
function comeBack(comeback: Comeback | null, step: number): Comeback | null {
  return comeback?.resumedAt === null ? { ...comeback, resumedAt: step } : null;
}

function reduceStart(run: RunView, event: EventOf<"runStarted">): RunView {
  const { runId, preset, config, step } = event;
  const isSameRun = run.runId === runId;
  return {
    ...run,
    runId,
    preset,
    config,
    step,
    opening: run.opening === "warmUp" ? "ready" : run.opening,
    activeStep: null,
    phase: null,
    resumeOffer: null,
    failure: isLasting(run.failure) ? run.failure : null,
    comeback: comeBack(run.comeback, step),
    // A run that starts beyond step 0 came from storage.
    savedStep: step > 0 ? step : null,
    lastSave: isSameRun ? run.lastSave : null,
    state: run.state === "running" ? run.state : "paused",
  };
}

/** The run after one event; pure. */
export function reduceRun(run: RunView, event: WorkerEvent): RunView {
  switch (event.type) {
    case "backendStarted":
      return { ...run, opening: "download" };
    case "modelProgressed":
      return reduceProgress(run, event);
    case "openingCancelled":
      return { ...run, opening: "idle" };
    case "shadersCompiled":
      return { ...run, opening: "warmUp", shaders: { compiled: event.compiled, total: event.total } };
    case "modelReady":
      return { ...run, opening: "ready", model: event };
    case "resumeOffered":
      return { ...run, resumeOffer: event };
    case "runStarted":
      return reduceStart(run, event);
    case "stateChanged":
      return { ...run, state: event.state };
    case "stepStarted":
      return { ...run, activeStep: event.step, phase: null };
    case "phaseStarted":
      return { ...run, activeStep: event.step, phase: event.phase };
    case "stepFinished":
      return { ...run, step: event.step, activeStep: null, phase: null };
    case "configChanged":
      return { ...run, config: event.config };
    case "checkpointSaved":
      return {
        ...run,
        lastSave: { step: event.step, savedAtMs: event.savedAtMs, sizeBytes: event.sizeBytes },
        savedStep: event.step,
      };
    case "failed":
      return {
        ...run,
        failure: { error: event.error, isFatal: event.isFatal, step: event.step },
        comeback: null,
        opening: run.opening === "ready" ? "ready" : "idle",
        state: event.isFatal ? "failed" : run.state,
        activeStep: event.isFatal ? null : run.activeStep,
        phase: event.isFatal ? null : run.phase,
      };
    default:
      return run;
  }
}

export type RunStore = StoreApi<RunView>;
export const createRunStore = (): RunStore => createStore<RunView>(() => EMPTY_RUN);
