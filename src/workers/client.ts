/**
 * The page's end of the training worker, and the only file that says `new Worker`. Starts it, watches over it, brings
 * it back after a crash and replays what is needed. Knows no run state beyond that.
 */
import { EngineError, toErrorRecord } from "../engine/errors.ts";
import type { Command } from "../protocol/commands.ts";
import { type EventOf, eventSchema, type WorkerEvent } from "../protocol/events.ts";
import { listCommandTransferables } from "./transferables.ts";
import { createWatchdog } from "./watchdog.ts";

const WATCH_EVERY_MS = 1000;

export interface TrainClient {
  send(command: Command): void;
  /** @returns the function that unsubscribes */
  subscribe(listener: (event: WorkerEvent) => void): () => void;
  dispose(): void;
}

/** The part of `Worker` that is used; tests pass a fake. */
export type WorkerLike = Pick<
  Worker,
  "postMessage" | "terminate" | "addEventListener" | "removeEventListener"
>;

/** What is replayed into a new worker after the old one died. */
interface Memory {
  open: Extract<Command, { type: "openModel" }> | null;
  run: Pick<EventOf<"runStarted">, "runId" | "preset" | "config"> | null;
  isSaved: boolean;
}

function spawnWorker(): WorkerLike {
  return new Worker(new URL("./train.worker.ts", import.meta.url), { type: "module", name: "train" });
}

export function createTrainClient(spawn: () => WorkerLike = spawnWorker): TrainClient {
  const listeners = new Set<(event: WorkerEvent) => void>();
  const memory: Memory = { open: null, run: null, isSaved: false };
  const emit = (event: WorkerEvent) => {
    for (const listener of listeners) listener(event);
  };
  let connection: Connection | null = null;
  let isReplaying = false;

  const connect = (): Connection => connectWorker(spawn(), receive, die);

  function receive(event: WorkerEvent): void {
    remember(memory, event);
    emit(event);
    if (isReplaying && event.type === "modelReady") {
      isReplaying = false;
      const { run } = memory;
      if (run && memory.isSaved) connection?.post({ type: "resumeRun", runId: run.runId });
      else if (run) connection?.post({ type: "startRun", preset: run.preset, config: run.config });
    }
  }

  function die(error: EngineError): void {
    connection?.close();
    connection = null;
    isReplaying = false;
    emit({ type: "failed", error: toErrorRecord(error), isFatal: true, step: null });
    emit({ type: "stateChanged", state: "failed" });
  }

  return {
    send(command) {
      if (command.type === "openModel") {
        memory.open = command;
        connection ??= connect();
      }
      if (connection) connection.post(command);
      else if (command.type === "reconnect" && memory.open) {
        connection = connect();
        isReplaying = true;
        // The failure was asked for once; a second one would make recovery impossible to see.
        connection.post({ ...memory.open, backend: command.backend, fail: null });
      } else if (command.type !== "reportVisibility") die(notRunning(command));
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    dispose() {
      connection?.close();
      connection = null;
      listeners.clear();
    },
  };
}

function notRunning(command: Command): EngineError {
  return new EngineError(
    "workerCrash",
    "The training worker is not running. Restart it: the run goes on from its last checkpoint.",
    { command: command.type },
  );
}

function remember(memory: Memory, event: WorkerEvent): void {
  if (event.type === "runStarted") {
    const { runId, preset, config, step } = event;
    memory.run = { runId, preset, config };
    // A run that starts beyond step 0 came from storage.
    memory.isSaved = step > 0;
  } else if (event.type === "configChanged" && memory.run) {
    memory.run = { ...memory.run, config: event.config };
  } else if (event.type === "checkpointSaved" && event.runId === memory.run?.runId) {
    memory.isSaved = true;
  }
}

interface Connection {
  post(command: Command): void;
  close(): void;
}

/** Listens to one worker and watches its heartbeat until it is closed. `onDeath` is called at most once. */
function connectWorker(
  worker: WorkerLike,
  onEvent: (event: WorkerEvent) => void,
  onDeath: (error: EngineError) => void,
): Connection {
  const watchdog = createWatchdog(performance.now());
  const onMessage = ({ data }: MessageEvent) => {
    const event = readEvent(data);
    watchdog.noteSign(performance.now());
    if (event.type === "stepFinished") watchdog.noteStep();
    if (event.type === "configChanged" || event.type === "runStarted") watchdog.forgetTypical();
    onEvent(event);
  };
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    onDeath(crashed(event.message || "its script could not be loaded", event));
  };
  const onUnreadable = () => onDeath(crashed("it sent a message that cannot be read"));
  worker.addEventListener("message", onMessage);
  worker.addEventListener("error", onError);
  worker.addEventListener("messageerror", onUnreadable);
  const timer = setInterval(() => {
    const silenceMs = watchdog.check(performance.now());
    if (silenceMs !== null) onDeath(crashed(`it has been silent for ${Math.round(silenceMs / 1000)} s`));
  }, WATCH_EVERY_MS);
  return {
    post: (command) => worker.postMessage(command, listCommandTransferables(command)),
    close() {
      clearInterval(timer);
      worker.removeEventListener("message", onMessage);
      worker.removeEventListener("error", onError);
      worker.removeEventListener("messageerror", onUnreadable);
      worker.terminate();
    },
  };
}

/** Validates in development and tests only: the worker is our own build, and pixels are big. */
function readEvent(data: unknown): WorkerEvent {
  return import.meta.env?.DEV ? eventSchema.parse(data) : (data as WorkerEvent);
}

function crashed(reason: string, at?: ErrorEvent): EngineError {
  return new EngineError(
    "workerCrash",
    `The training worker stopped: ${reason}. Restart it: the run goes on from its last checkpoint.`,
    { reason, file: at?.filename ?? null, line: at?.lineno ?? null },
  );
}
