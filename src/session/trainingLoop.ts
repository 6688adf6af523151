/**
 * Pulls the trainer: plays, pauses at the next phase, stops within a decoding step, and does between steps what needs
 * a resting model: filmstrip, checkpoints, memory. Pausing is not pulling; stopping drops the half-done step.
 */
import { EngineError, type EngineErrorCode } from "../engine/errors.ts";
import type { Task, TrainerEvent } from "../engine/index.ts";
import type { RunState, WorkerEvent } from "../protocol/events.ts";
import type { StoredRun } from "../storage/runRecord.ts";
import { type Boundary, createEventMapper, type EventMapper } from "./eventMapper.ts";
import { addFilm, type OpenedRun, packRun } from "./openedRun.ts";
import type { SessionEngine, SessionStorage } from "./ports.ts";

/** Where to hold next: never, after this phase, after this step. */
export type Target = "forever" | "phase" | "step";

export interface LoopContext {
  readonly engine: Pick<SessionEngine, "measureMemory">;
  readonly storage: Pick<SessionStorage, "save" | "estimate">;
  readonly emit: (event: WorkerEvent) => void;
  readonly setState: (state: RunState) => void;
  /** Reports what went wrong; the loop has ended by then. */
  readonly onFailure: (thrown: unknown, step: number | null, isNotice: boolean) => void;
  /** Called after each finished step, for `?fail=`. */
  readonly onStep: (run: OpenedRun) => Promise<void>;
  readonly yieldToMessages: () => Promise<void>;
  readonly now: () => number;
}

export class TrainingLoop {
  readonly #run: OpenedRun;
  readonly #context: LoopContext;
  readonly #mapEvent: EventMapper;
  #target: Target = "step";
  #stream: AsyncGenerator<TrainerEvent<Task>, void> | null = null;
  #abort = new AbortController();
  #ended: Promise<void> | null = null;
  /** Step being worked on, counted from 1. */
  #step: number | null = null;
  #isPlayWanted = false;
  /** Waits for the next moment at which the trainer does not write. */
  #wanted: (() => Promise<void>)[] = [];
  #isAbandoned = false;
  #lastSaveFailure: string | null = null;

  constructor(run: OpenedRun, context: LoopContext) {
    this.#run = run;
    this.#context = context;
    this.#mapEvent = createEventMapper((images) => run.engine.decodeImages(images), context.now);
  }

  get step(): number | null {
    return this.#step;
  }

  /** Runs, or changes where the running loop holds. */
  play(target: Target): void {
    this.#target = target;
    this.#isPlayWanted = true;
    this.#context.setState("running");
    this.#ended ??= this.#playWhileWanted().finally(() => {
      this.#ended = null;
    });
  }

  /** A command may come while the last hold is still being saved: then it goes on at once. */
  async #playWhileWanted(): Promise<void> {
    while (!this.#isAbandoned && (this.#isPlayWanted || this.#wanted.length > 0)) {
      if (!this.#isPlayWanted) await this.#doWanted();
      else {
        this.#isPlayWanted = false;
        await this.#pull();
      }
    }
  }

  pause(): void {
    if (!this.#ended) return;
    this.#isPlayWanted = false;
    this.#target = "phase";
    this.#context.setState("pausing");
  }

  /** Pauses and waits until nothing runs any more. */
  async rest(): Promise<void> {
    this.pause();
    await this.#ended;
  }

  /** Drops the step at work and waits until nothing runs any more, at most `patienceMs`. */
  async stop(patienceMs = Number.POSITIVE_INFINITY): Promise<void> {
    this.#isPlayWanted = false;
    this.#abort.abort();
    const resting = (async () => {
      await this.#ended;
      await this.#stream?.return();
    })();
    await (Number.isFinite(patienceMs) ? Promise.race([resting, sleep(patienceMs)]) : resting);
    this.#stream = null;
    this.#step = null;
    this.#abort = new AbortController();
  }

  /** Ends for good without another word: its device or its run is gone. */
  async abandon(patienceMs: number): Promise<void> {
    this.#isAbandoned = true;
    await this.stop(patienceMs);
  }

  /** Saves now, or at the next moment at which the trainer does not write. */
  async save(): Promise<void> {
    await this.#whenResting(() => this.#saveNow(true));
  }

  /** Takes the run as it is, now or at the next moment at which the trainer does not write. */
  async take(use: (run: StoredRun) => void): Promise<void> {
    await this.#whenResting(async () => use(await packRun(this.#run, Date.now())));
  }

  /** Reports tensors, bytes and storage. */
  async reportMemory(): Promise<void> {
    const { numTensors, numBytes, gpuBytes } = this.#context.engine.measureMemory();
    const { usedBytes, quotaBytes } = await this.#context.storage.estimate();
    this.#emit({
      type: "memoryMeasured",
      tensors: numTensors,
      tensorBytes: numBytes,
      gpuBytes,
      planned: this.#run.engine.planMemory(),
      storageUsedBytes: usedBytes,
      storageQuotaBytes: quotaBytes,
    });
  }

  async #pull(): Promise<void> {
    const { signal } = this.#abort;
    try {
      if (this.#run.filmstrip.length === 0) await this.#drawFilm(signal);
      for (;;) {
        this.#stream ??= this.#run.engine.train(signal);
        const next = await this.#stream.next();
        if (next.done) break;
        const boundary = await this.#pass(next.value, signal);
        await this.#doWanted();
        await this.#context.yieldToMessages();
        if (signal.aborted) throw new EngineError("cancelled", "Training was stopped.");
        if (isReached(this.#target, boundary)) break;
      }
    } catch (error) {
      this.#stream = null;
      const step = this.#step;
      this.#step = null;
      if (!isOf(error, "cancelled")) {
        // What led to it must not take the place of a good checkpoint unasked.
        if (isOf(error, "nonFinite")) this.#run.isDirty = false;
        if (!this.#isAbandoned) this.#context.onFailure(error, step, false);
        return;
      }
    }
    if (this.#isAbandoned) return;
    await this.#doWanted();
    if (this.#run.isDirty) await this.#saveNow(false);
    if (!this.#isPlayWanted) this.#context.setState("paused");
  }

  /** Hands one trainer event on. */
  async #pass(event: TrainerEvent<Task>, signal: AbortSignal): Promise<Boundary> {
    this.#step = event.step + 1;
    const { events, boundary } = await this.#mapEvent(event);
    for (const wireEvent of events) this.#emit(wireEvent);
    if (event.kind === "stepFinished") await this.#finishStep({ ...event.metrics }, signal);
    return boundary;
  }

  async #finishStep(metrics: Record<string, number>, signal: AbortSignal): Promise<void> {
    const run = this.#run;
    const finished = run.engine.finishedSteps();
    run.history.push(metrics);
    run.isDirty = true;
    this.#step = null;
    if (finished % run.config.filmstripEvery === 0) await this.#drawFilm(signal);
    if (finished % run.config.checkpointEvery === 0) await this.#saveNow(false);
    await this.reportMemory();
    await this.#context.onStep(run);
  }

  async #drawFilm(signal: AbortSignal): Promise<void> {
    const run = this.#run;
    const step = run.engine.finishedSteps();
    const images = await run.engine.drawFilm(signal);
    const frames = run.engine.filmRows.flatMap(({ prompt, seed }, row) => {
      const image = images[row];
      return image ? [{ step, row, prompt, seed, image: { ...image } }] : [];
    });
    run.filmstrip = addFilm(run.filmstrip, frames);
    for (const frame of frames) this.#emit({ type: "filmstripDrawn", ...frame });
  }

  async #whenResting(job: () => Promise<void>): Promise<void> {
    this.#wanted.push(job);
    if (!this.#ended) await this.#doWanted();
  }

  async #doWanted(): Promise<void> {
    for (const job of this.#wanted.splice(0)) {
      try {
        await job();
      } catch (error) {
        if (!this.#isAbandoned) this.#context.onFailure(error, this.#step, true);
      }
    }
  }

  /** Saves; a failure is reported and training goes on unsaved. The same failure is not repeated at every save. */
  async #saveNow(isAsked: boolean): Promise<void> {
    try {
      const saved = await this.#context.storage.save(await packRun(this.#run, Date.now()));
      this.#run.isDirty = false;
      this.#run.isSaved = true;
      this.#lastSaveFailure = null;
      this.#emit({ type: "checkpointSaved", ...saved });
    } catch (error) {
      const reason = error instanceof EngineError ? error.code : String(error);
      const isNews = isAsked || reason !== this.#lastSaveFailure;
      this.#lastSaveFailure = reason;
      if (isNews && !this.#isAbandoned) this.#context.onFailure(error, this.#step, true);
    }
  }

  #emit(event: WorkerEvent): void {
    if (!this.#isAbandoned) this.#context.emit(event);
  }
}

function isReached(target: Target, boundary: Boundary): boolean {
  if (target === "forever") return false;
  return target === "phase" ? boundary !== "none" : boundary === "step";
}

function isOf(error: unknown, code: EngineErrorCode): boolean {
  return error instanceof EngineError && error.code === code;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
