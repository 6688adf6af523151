/**
 * The training worker's outside: messages in, messages out, a heartbeat, and no failure unseen. What it does with
 * them is `session.ts`.
 */
import { EngineError, toErrorRecord } from "../engine/errors.ts";
import { commandSchema } from "../protocol/commands.ts";
import type { WorkerEvent } from "../protocol/events.ts";
import { createEngineHost } from "../session/engineHost.ts";
import { Session } from "../session/session.ts";
import { deleteRun, listRuns, loadCheckpoint, saveCheckpoint } from "../storage/checkpoints.ts";
import { createDatabase } from "../storage/db.ts";
import { addJudgements, readJudgements } from "../storage/judgements.ts";
import { createChoiceStore } from "../storage/kernelChoices.ts";
import { estimateStorage } from "../storage/quota.ts";
import { lockRun } from "../storage/runLock.ts";
import { listTransferables } from "./transferables.ts";
import { yieldToMessages } from "./yieldToMessages.ts";

const HEARTBEAT_MS = 2000;

const scope = self as unknown as DedicatedWorkerGlobalScope;
const emit = (event: WorkerEvent) => scope.postMessage(event, listTransferables(event));

const database = createDatabase();
const session: Session = new Session({
  engine: createEngineHost({
    gpu: navigator.gpu ?? null,
    allowThreads: scope.crossOriginIsolated,
    onLost: (error) => session.noteLost(error),
    onError: (error) => session.noteDeviceError(error),
    yieldToMessages,
    choices: createChoiceStore(database, navigator.userAgent),
  }),
  storage: {
    save: (run) => saveCheckpoint(database, run),
    load: (runId) => loadCheckpoint(database, runId),
    list: (modelId) => listRuns(database, modelId),
    delete: (runId) => deleteRun(database, runId),
    lock: (runId, order) => lockRun(runId, order),
    estimate: estimateStorage,
    readJudgements: (key) => readJudgements(database, key),
    addJudgements: (key, judgements) => addJudgements(database, key, judgements, Date.now()),
  },
  emit,
  killer: { crash, hang },
  yieldToMessages,
  now: () => performance.now(),
});

scope.addEventListener("message", ({ data }) => {
  const command = commandSchema.safeParse(data);
  if (command.success) void session.handle(command.data);
  else
    emitFailure(
      new EngineError("badInput", `The worker was sent a command it does not know: ${command.error.message}`),
    );
});

// Uncaught errors reach the page by themselves, as the worker's `error` event; rejections do not.
scope.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  emitFailure(event.reason);
});

// tfjs rethrows the failure of a WebAssembly thread; the backend then starts without threads and reports which it has.
scope.addEventListener("error", (event) => {
  if (event.error instanceof ErrorEvent) event.preventDefault();
});

setInterval(() => emit({ type: "heartbeatSent", step: session.step }), HEARTBEAT_MS);

function emitFailure(thrown: unknown): void {
  emit({ type: "failed", error: toErrorRecord(thrown), isFatal: false, step: null });
}

/** `?fail=crash`: an error nobody catches; the page then ends the thread. */
function crash(): void {
  setTimeout(() => {
    throw new Error("crashed on purpose (?fail=crash)");
  });
}

/** `?fail=hang`: the thread never answers again. */
function hang(): void {
  setTimeout(() => {
    for (;;);
  });
}
