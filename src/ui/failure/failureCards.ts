/** Every failure the engine can name, as a card: what it is called, what happened, and the ways on. */
import type { EngineErrorCode } from "../../engine/errors.ts";

export type Remedy =
  | "reconnect"
  | "useWasm"
  | "newRun"
  | "fitMemory"
  | "rollBack"
  | "takeOver"
  | "reload"
  | "copyReport"
  | "dismiss";

export interface Card {
  readonly title: string;
  /** What happened and what is safe; the error's own message follows it. */
  readonly story: string;
  /** The first is the main way on. */
  readonly remedies: readonly Remedy[];
}

export const FAILURE_CARDS = {
  badConfig: {
    title: "This setting cannot be used",
    story: "The run goes on with the settings it had.",
    remedies: ["dismiss", "newRun"],
  },
  badInput: {
    title: "The engine was given something it cannot use",
    story: "The run is paused and its finished steps are safe.",
    remedies: ["dismiss", "copyReport"],
  },
  modelMissing: {
    title: "The model is not there",
    story: "The address names a model folder that this site does not have.",
    remedies: ["reload", "copyReport"],
  },
  modelCorrupt: {
    title: "The model is damaged",
    story: "Its files arrived but do not fit together. A fresh download usually helps.",
    remedies: ["reload", "copyReport"],
  },
  fileCorrupt: {
    title: "A file is damaged",
    story: "It was read, but its content is not what it should be.",
    remedies: ["reload", "copyReport"],
  },
  fileUnwritable: {
    title: "A file could not be written",
    story: "Training can go on; this file was not saved.",
    remedies: ["dismiss", "copyReport"],
  },
  fileUnknown: {
    title: "Not a file this page can open",
    story: "Nothing was changed.",
    remedies: ["dismiss"],
  },
  fileTooLarge: {
    title: "The file is too large",
    story: "It was not opened, so nothing was changed.",
    remedies: ["dismiss"],
  },
  fileTooNew: {
    title: "The file is from a newer version",
    story: "This version of the page does not know all that is in it, so nothing was changed.",
    remedies: ["reload", "dismiss"],
  },
  checkpointCorrupt: {
    title: "The saved run is damaged",
    story: "A stored copy does not pass its checksum, so it is not used.",
    remedies: ["newRun", "copyReport"],
  },
  checkpointMismatch: {
    title: "The saved run belongs to another model",
    story: "It was trained on different weights and cannot continue on these.",
    remedies: ["newRun", "copyReport"],
  },
  noBackend: {
    title: "Nothing to compute with",
    story: "Neither WebGPU nor WebAssembly could be started in this browser.",
    remedies: ["reload", "copyReport"],
  },
  noWebGpu: {
    title: "WebGPU is not available",
    story:
      "This browser offers no usable graphics adapter. WebAssembly runs the same training on the processor, only slower.",
    remedies: ["useWasm", "reload", "copyReport"],
  },
  deviceLost: {
    title: "The graphics device was reset",
    story:
      "The browser took the GPU away in the middle of the work. Reconnecting continues from the last save.",
    remedies: ["reconnect", "useWasm", "copyReport"],
  },
  outOfMemory: {
    title: "Out of memory",
    story:
      "The work needs more memory than the device gives, or than this run may take. A lower memory budget cuts it into smaller pieces; a smaller adapter or weights in few bits need less.",
    remedies: ["fitMemory", "newRun", "useWasm", "dismiss", "copyReport"],
  },
  gpuError: {
    title: "The graphics device reported an error",
    story: "The step was stopped before it changed the model.",
    remedies: ["reconnect", "useWasm", "copyReport"],
  },
  nonFinite: {
    title: "The numbers ran away",
    story:
      "A result was not a finite number, so the step was stopped before anything was written. A lower learning rate usually helps.",
    remedies: ["rollBack", "dismiss", "newRun", "copyReport"],
  },
  storageFull: {
    title: "The browser's storage is full",
    story:
      "Training goes on, but nothing more is saved. Freeing space in this browser makes saving work again.",
    remedies: ["dismiss", "copyReport"],
  },
  storageUnavailable: {
    title: "This browser keeps nothing",
    story: "Storage is switched off, as in a private window. Training works; a reload starts over.",
    remedies: ["dismiss", "copyReport"],
  },
  runInUse: {
    title: "This run is open in another tab",
    story:
      "One tab trains a run at a time, so that two cannot overwrite each other. Taken over, it is saved and closed there first; a copy of it can be branched off under Runs.",
    remedies: ["takeOver", "newRun", "dismiss"],
  },
  cancelled: {
    title: "Stopped",
    story: "The work was stopped as asked; finished steps are kept.",
    remedies: ["dismiss"],
  },
  workerCrash: {
    title: "The training worker stopped answering",
    story: "Finished steps on this page stay visible. Restarting the worker continues from the last save.",
    remedies: ["reconnect", "reload", "copyReport"],
  },
  networkFailed: {
    title: "The download failed",
    story: "A file of the model did not arrive. Nothing is lost.",
    remedies: ["reconnect", "reload", "copyReport"],
  },
} as const satisfies Record<EngineErrorCode, Card>;
