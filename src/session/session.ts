/**
 * The state machine of the training worker: which commands do what in which state (empty, paused, running, pausing,
 * failed). Commands are carried out one after the other; the loop runs beside them. No tfjs, no IndexedDB, no
 * postMessage here: they come in through `ports.ts`.
 */
import { makeConfig, type RunConfig } from "../engine/config.ts";
import { EngineError, toErrorRecord } from "../engine/errors.ts";
import type { Command, WeightsSource } from "../protocol/commands.ts";
import type { RunState } from "../protocol/events.ts";
import type { ReleaseRun } from "../storage/runLock.ts";
import type { StoredRun } from "../storage/runRecord.ts";
import {
  type Failure,
  failAfterStep,
  failOpening,
  failStorage,
  failureAfterReturn,
  lackOf,
  parseFailure,
} from "./failHooks.ts";
import { JobDesk, PATIENT } from "./jobs/jobDesk.ts";
import { changeRun, describeRun, type OpenedRun, openRun, packRun, type RunIdentity } from "./openedRun.ts";
import type { LoadProgress, ModelFacts, SessionPorts, SessionStorage, WeightsBytes } from "./ports.ts";
import { newRunId, RunShelf } from "./runShelf.ts";
import { TrainingLoop } from "./trainingLoop.ts";

/** A lost device can leave promises that never settle; its loop gets this long to end. */
const LOST_PATIENCE_MS = 2000;

/** Commands that do not wait for the ones before them, and jobs. */
type Immediate = Extract<
  Command,
  { type: "cancelOpening" | "listRuns" | "readHistory" | "endJob" | "drawSamples" | "evaluate" }
>;
type OpenCommand = Extract<Command, { type: "openModel" }>;

interface Current {
  readonly run: OpenedRun;
  readonly loop: TrainingLoop;
}

export class Session {
  readonly #ports: SessionPorts;
  #storage: SessionStorage;
  #state: RunState = "empty";
  #opened: OpenCommand | null = null;
  #failure: Failure | null = null;
  #isModelReady = false;
  #current: Current | null = null;
  #queue: Promise<void> = Promise.resolve();
  /** Ends the download at work. */
  #opening = new AbortController();
  readonly #shelf: RunShelf;
  readonly #jobs: JobDesk;

  constructor(ports: SessionPorts) {
    const { engine, emit } = ports;
    this.#ports = ports;
    this.#storage = ports.storage;
    const storage = () => this.#storage;
    const onFailure = (error: unknown) => this.#fail(error, null, true);
    const open = () => this.#current;
    this.#shelf = new RunShelf({ engine, storage, emit, onFailure, open, model: () => this.#needModel() });
    this.#jobs = new JobDesk({
      engine,
      storage,
      emit,
      onFailure,
      rest: () => this.#rest(),
      weightsOf: (source) => this.#weightsOf(source),
    });
  }

  /** Step being worked on, or the last finished one. */
  get step(): number {
    return this.#current?.loop.step ?? this.#current?.run.engine.finishedSteps() ?? 0;
  }

  /** Carries a command out after the ones before it. Never rejects: what fails becomes a `failed` event. */
  handle(command: Command): Promise<void> {
    // It would wait for the very download it ends.
    if (command.type === "cancelOpening") {
      this.#opening.abort();
      return Promise.resolve();
    }
    if (command.type === "endJob") {
      this.#jobs.end(command.jobId);
      return Promise.resolve();
    }
    // Reads storage alone, and a list should not wait for a job.
    if (command.type === "listRuns" || command.type === "readHistory") {
      return this.#shelf.show(command).catch((error: unknown) => this.#fail(error, null, true));
    }
    if (!PATIENT.has(command.type)) this.#jobs.end();
    const isJob = command.type === "drawSamples" || command.type === "evaluate";
    const work = isJob ? this.#jobs.expect(command) : () => this.#obey(command);
    this.#queue = this.#queue.then(work).catch((error: unknown) => {
      this.#fail(error, null, true);
      if (!this.#current) this.#setState("empty");
    });
    return this.#queue;
  }

  /** The device was lost: the run stands still until `reconnect`. */
  noteLost(error: EngineError): void {
    this.#jobs.lose(error);
    if (this.#state !== "failed") this.#fail(error);
  }

  /** The device complained outside any call. */
  noteDeviceError(error: EngineError): void {
    this.#current?.loop.pause();
    this.#fail(error, null, true);
  }

  async #obey(command: Exclude<Command, Immediate>): Promise<void> {
    switch (command.type) {
      case "openModel":
        return await this.#openModel(command);
      case "startRun":
        return await this.#startRun(command.preset, command.config);
      case "resumeRun":
        return await this.#resumeRun(await this.#shelf.openable(command.runId), command.isForced);
      case "deleteRun":
        return await this.#deleteRun(command.runId);
      case "pinRun":
        return await this.#shelf.pin(command.runId, command.title);
      case "branchRun":
        return await this.#branchRun(command.runId);
      case "play":
        return this.#need().loop.play("forever");
      case "stepOnce":
        return this.#need().loop.play("step");
      case "stepPhase":
        return this.#need().loop.play("phase");
      case "pause":
        return this.#current?.loop.pause();
      case "stop":
        return await this.#stop();
      case "reset":
        return await this.#reset();
      case "rollBack":
        return await this.#rollBack(command.changes);
      case "changeConfig":
        return this.#ports.emit(changeRun(this.#need().run, command.changes));
      case "saveCheckpoint":
        return await this.#need().loop.save();
      case "exportRun":
        return await this.#shelf.export(command.runId);
      case "importRun":
        return await this.#shelf.import(command.files);
      case "reportVisibility":
        if (command.isHidden && this.#current?.run.isDirty) await this.#current.loop.save();
        return;
      case "reconnect":
        return await this.#reconnect(command.backend);
      default:
        return command satisfies never;
    }
  }

  async #openModel(command: OpenCommand): Promise<void> {
    await this.#closeRun();
    this.#opened = command;
    this.#opening = new AbortController();
    this.#isModelReady = false;
    this.#failure = parseFailure(command.fail);
    this.#storage = failStorage(this.#failure, this.#ports.storage);
    const { engine, emit } = this.#ports;
    this.#setState("empty");
    const report = await engine.start(command.backend, command.wasmUrl, lackOf(this.#failure));
    emit({ type: "backendStarted", ...report, features: [...report.features] });
    const facts = await this.#loadModel(command);
    if (!facts) return;
    this.#isModelReady = true;
    // The offer goes first: whoever hears that the model is ready knows whether there is something to resume.
    await this.#shelf.offerNewest(command.modelId);
    emit({ type: "modelReady", modelId: command.modelId, ...facts });
  }

  /** Null when the download was cancelled, which is no failure. */
  async #loadModel(command: OpenCommand): Promise<ModelFacts | null> {
    const { engine, emit } = this.#ports;
    try {
      const report = (progress: LoadProgress) => emit({ type: "modelProgressed", ...progress });
      return await engine.loadModel(command, report, this.#opening.signal);
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== "cancelled") throw error;
      emit({ type: "openingCancelled" });
      return null;
    }
  }

  async #startRun(preset: string, config: RunConfig, held?: ReleaseRun): Promise<void> {
    const { modelId } = this.#needModel();
    await this.#closeRun();
    const [runId, createdAtMs] = [newRunId(modelId), Date.now()];
    const release = held ?? (await this.#lock(runId));
    try {
      await this.#showRun({ runId, modelId, preset, createdAtMs, config }, null, release);
    } catch (error) {
      release();
      throw error;
    }
    await this.#shelf.tidyUp(modelId);
  }

  async #resumeRun(runId: string, isForced = false, held?: ReleaseRun): Promise<void> {
    this.#needModel();
    const open = this.#current?.run;
    // After a reconnection both the page and the client may ask; once is enough.
    if (open?.runId === runId && !open.isDirty && this.#state === "paused") return;
    // What is open is closed only when the other is to be had.
    if (open?.runId === runId) await this.#closeRun();
    const release = held ?? (await this.#lock(runId, isForced));
    try {
      const { run: stored, damage } = await this.#storage.load(runId);
      await this.#closeRun();
      // A run of an earlier version gets today's defaults for fields it does not know.
      const config = makeConfig("robust", stored.record.config);
      await this.#showRun({ ...stored.record, config }, stored, release);
      if (damage) this.#fail(damage, stored.record.step, true);
      await this.#shelf.noteChange();
    } catch (error) {
      release();
      throw error;
    }
  }

  #lock(runId: string, isForced = false): Promise<ReleaseRun> {
    return this.#storage.lock(runId, { isForced, onWanted: (isStolen) => this.#giveUp(runId, isStolen) });
  }

  /** Another tab takes the run: it is saved and closed here; where it is gone already, only closed. */
  #giveUp(runId: string, isStolen: boolean): Promise<void> {
    this.#jobs.end();
    this.#queue = this.#queue.then(async () => {
      if (this.#current?.run.runId !== runId) return;
      if (isStolen) this.#current.run.isDirty = false;
      await this.#closeRun();
      this.#setState("empty");
      this.#fail(new EngineError("runInUse", "This run goes on in another tab.", { runId }), null, true);
    });
    return this.#queue;
  }

  /** Opens a run, shows it, and leaves it paused. */
  async #showRun(identity: RunIdentity, stored: StoredRun | null, release: ReleaseRun): Promise<void> {
    const { engine, emit } = this.#ports;
    const failure = this.#failure;
    if (failure === "gate") this.#failure = null;
    const run = await openRun(identity, stored, release, ({ config, checkpoint }) =>
      engine.openRun({
        preset: identity.preset,
        config: () => failOpening(failure, config()),
        checkpoint,
        onCompiled: (compiled, total) => emit({ type: "shadersCompiled", compiled, total }),
      }),
    );
    const loop = this.#createLoop(run);
    this.#current = { run, loop };
    emit(describeRun(run));
    this.#setState("paused");
    await loop.reportMemory();
  }

  #createLoop(run: OpenedRun): TrainingLoop {
    const { engine, emit, yieldToMessages, now, killer } = this.#ports;
    return new TrainingLoop(run, {
      engine,
      storage: this.#storage,
      emit: (event) => {
        emit(event);
        if (event.type === "checkpointSaved") void this.#shelf.noteChange();
      },
      setState: (state) => this.#setState(state),
      onFailure: (error, step, isNotice) => this.#fail(error, step, isNotice),
      onStep: async (finished) => {
        const failure = this.#failure;
        this.#failure = null;
        await failAfterStep(failure, engine, finished, killer);
      },
      yieldToMessages,
      now,
    });
  }

  async #deleteRun(runId: string): Promise<void> {
    if (this.#current?.run.runId === runId) {
      await this.#closeRun();
      this.#setState("empty");
    }
    await this.#shelf.delete(runId);
  }

  async #branchRun(runId: string): Promise<void> {
    this.#needModel();
    await this.#rest();
    if (this.#current?.run.runId === runId) await this.#current.loop.save();
    await this.#resumeRun(await this.#shelf.copy(runId));
  }

  /** Waits until no training runs. @throws EngineError("badInput" | "deviceLost") where no model is open */
  async #rest(): Promise<void> {
    if (this.#state === "failed") throw deviceGone();
    this.#needModel();
    await this.#current?.loop.rest();
  }

  async #weightsOf(source: WeightsSource): Promise<WeightsBytes> {
    if (source.of === "model") return null;
    const open = this.#current?.run;
    if (open?.runId === source.runId) return (await packRun(open, Date.now())).bytes;
    return (await this.#storage.load(source.runId)).run.bytes;
  }

  async #stop(): Promise<void> {
    if (!this.#current) return;
    await this.#current.loop.stop();
    this.#setState("paused");
  }

  async #reset(): Promise<void> {
    const { run, loop } = this.#need();
    await loop.stop();
    run.engine.dispose();
    this.#current = null;
    const { runId, modelId, preset, config } = run;
    await this.#showRun({ runId, modelId, preset, config, createdAtMs: Date.now() }, null, run.release);
  }

  /** Back to the last checkpoint, and on from there with these changes. */
  async #rollBack(changes: Extract<Command, { type: "rollBack" }>["changes"]): Promise<void> {
    const { run, loop } = this.#need();
    if (!run.isSaved) throw new EngineError("badInput", "Nothing of this run is saved: start it anew.");
    await loop.stop();
    run.engine.dispose();
    this.#current = null;
    await this.#resumeRun(run.runId, false, run.release);
    if (Object.keys(changes).length > 0) this.#ports.emit(changeRun(this.#need().run, changes));
  }

  async #reconnect(backend: OpenCommand["backend"]): Promise<void> {
    const opened = this.#opened;
    if (!opened) throw new EngineError("badInput", "No model was opened yet: open one first.");
    const before = this.#current?.run ?? null;
    await this.#current?.loop.abandon(LOST_PATIENCE_MS);
    this.#current = null;
    this.#ports.engine.close();
    this.#setState("empty");
    await this.#openModel({ ...opened, backend, fail: failureAfterReturn(opened.fail) });
    if (before?.isSaved) await this.#resumeRun(before.runId, false, before.release);
    else if (before) await this.#startRun(before.preset, before.config, before.release);
  }

  /** Stops and saves what is open, and frees it. */
  async #closeRun(): Promise<void> {
    const current = this.#current;
    if (!current) return;
    const isLost = this.#state === "failed";
    await current.loop.stop(isLost ? LOST_PATIENCE_MS : undefined);
    if (current.run.isDirty && !isLost) await current.loop.save();
    this.#current = null;
    current.run.engine.dispose();
    current.run.release();
  }

  #need(): Current {
    if (this.#state === "failed") throw deviceGone();
    if (this.#current) return this.#current;
    throw new EngineError("badInput", "No run is open: start one, or resume a stored one.");
  }

  #needModel(): { modelId: string; modelSha256: string | null } {
    if (this.#opened && this.#isModelReady) return this.#opened;
    throw new EngineError("badInput", "No model is loaded: open one first.");
  }

  /** @param isNotice the run goes on as it was */
  #fail(thrown: unknown, step: number | null = this.#current?.loop.step ?? null, isNotice = false): void {
    const error = toErrorRecord(this.#ports.engine.explainFailure(thrown));
    const isFatal = error.code === "deviceLost";
    if (isFatal && this.#state === "failed") return;
    this.#ports.emit({ type: "failed", error, isFatal, step });
    if (isFatal) this.#setState("failed");
    else if (!isNotice && this.#state !== "failed") this.#setState(this.#current ? "paused" : "empty");
  }

  #setState(state: RunState): void {
    // Only `reconnect` and `openModel`, which begin with an empty state, lead out of a failure.
    if (state === this.#state || (this.#state === "failed" && state !== "empty")) return;
    this.#state = state;
    this.#ports.emit({ type: "stateChanged", state });
  }
}

const deviceGone = () => new EngineError("deviceLost", "The device is gone: reconnect first, then go on.");
