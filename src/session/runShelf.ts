/**
 * The stored runs of a model: listed, offered, pinned, copied, taken away, brought in, tidied up. What is open stays
 * open; opening and closing runs is the session's business.
 */
import { toErrorRecord } from "../engine/errors.ts";
import type { Command } from "../protocol/commands.ts";
import type { EventOf, WorkerEvent } from "../protocol/events.ts";
import type { HeadRecord } from "../storage/db.ts";
import type { StoredRun } from "../storage/runRecord.ts";
import type { OpenedRun } from "./openedRun.ts";
import type { SessionEngine, SessionStorage } from "./ports.ts";
import { type OpenedFile, readRun } from "./runFiles/readRun.ts";
import { writeRun } from "./runFiles/writeRun.ts";
import type { TrainingLoop } from "./trainingLoop.ts";

/** Runs kept per model beside the pinned ones; older ones are deleted when a new one begins. */
const KEPT_RUNS = 5;

export interface ShelfPorts {
  readonly engine: Pick<SessionEngine, "requireFit" | "explainFailure">;
  readonly storage: () => SessionStorage;
  readonly emit: (event: WorkerEvent) => void;
  /** Reports what went wrong; what is open goes on. */
  readonly onFailure: (thrown: unknown) => void;
  /** The open model. @throws EngineError("badInput") without one */
  readonly model: () => { readonly modelId: string; readonly modelSha256: string | null };
  readonly open: () => { readonly run: OpenedRun; readonly loop: TrainingLoop } | null;
}

/** A name that no other run has. */
export const newRunId = (modelId: string): string => `${modelId}-${crypto.randomUUID()}`;

export class RunShelf {
  readonly #ports: ShelfPorts;
  /** Somebody asked for the list and wants to hear of its changes. */
  #isWatched = false;

  constructor(ports: ShelfPorts) {
    this.#ports = ports;
  }

  /** Sends the list, and again whenever it changes; or the steps of one run, as it was saved. */
  async show(command: Extract<Command, { type: "listRuns" | "readHistory" }>): Promise<void> {
    const { modelId } = this.#ports.model();
    if (command.type === "listRuns") {
      this.#isWatched = true;
      return await this.#sendList(modelId);
    }
    const { runId, step, savedAtMs, history } = (await this.#ports.storage().load(command.runId)).run.record;
    this.#ports.emit({ type: "historyRead", runId, step, savedAtMs, history });
  }

  /** The list changed; whoever watches it hears so. Never rejects. */
  async noteChange(): Promise<void> {
    if (!this.#isWatched) return;
    try {
      await this.#sendList(this.#ports.model().modelId);
    } catch (error) {
      this.#ports.onFailure(error);
    }
  }

  /**
   * Offers the run that was saved last, pinned copies aside. Without storage training is possible all the same, and the
   * page says so. Never rejects.
   */
  async offerNewest(modelId: string): Promise<void> {
    const { storage, emit, onFailure } = this.#ports;
    try {
      const newest = (await storage().list(modelId)).find(({ title }) => title === null);
      if (!newest) return;
      const { runId, step, savedAtMs, rewardMean, sizeBytes } = newest;
      emit({ type: "resumeOffered", runId, step, savedAtMs, rewardMean, sizeBytes });
    } catch (error) {
      onFailure(error);
    }
  }

  /** Keeps a copy of a run under a title. */
  async pin(runId: string, title: string): Promise<void> {
    await this.#take(runId, async (run) => {
      await this.#storeCopy(run, title);
      await this.noteChange();
    });
  }

  /** Stores a copy of a run as it was saved. @returns the copy's id */
  async copy(runId: string): Promise<string> {
    const { run } = await this.#ports.storage().load(runId);
    return await this.#storeCopy(run, null);
  }

  /** The id under which a run may go on: its own, or a copy's where it is pinned and stays as it is. */
  async openable(runId: string): Promise<string> {
    const { modelId } = this.#ports.model();
    const head = (await this.#ports.storage().list(modelId)).find((known) => known.runId === runId);
    return head?.title == null ? runId : await this.copy(runId);
  }

  /** Packs a run into one zip: an open one as it is now, another as it was saved. */
  async export(runId: string): Promise<void> {
    const { modelSha256 } = this.#ports.model();
    await this.#take(runId, async (stored) => {
      const archive = await writeRun(stored, modelSha256);
      this.#ports.emit({ type: "runExported", runId, step: stored.record.step, ...archive });
    });
  }

  /** Stores a run from outside, or says why not. Never rejects. */
  async import(files: readonly OpenedFile[]): Promise<void> {
    const { engine, storage, emit, model } = this.#ports;
    const fileName = files.map(({ name }) => name).join(", ");
    try {
      const { modelId, modelSha256 } = model();
      const runId = newRunId(modelId);
      const run = await readRun(files, { modelId, modelSha256, runId, nowMs: Date.now() });
      await engine.requireFit(run.bytes);
      const { step, sizeBytes } = await storage().save(run);
      const rewardMean = run.record.history.at(-1)?.rewardMean ?? null;
      emit({ type: "runImported", fileName, runId, step, rewardMean, sizeBytes });
    } catch (thrown) {
      const error = toErrorRecord(engine.explainFailure(thrown));
      emit({ type: "importRefused", fileName, error });
    }
    await this.noteChange();
  }

  async delete(runId: string): Promise<void> {
    await this.#ports.storage().delete(runId);
    await this.noteChange();
  }

  /** Deletes the oldest unpinned runs; the open one stays. */
  async tidyUp(modelId: string): Promise<void> {
    const { storage, open } = this.#ports;
    try {
      const openId = open()?.run.runId;
      const others = (await storage().list(modelId)).filter(({ runId }) => runId !== openId);
      const loose = others.filter(({ title }) => title === null);
      for (const { runId } of loose.slice(KEPT_RUNS - 1)) await storage().delete(runId);
    } catch {
      // Storage that refuses was reported when the model was opened; there is nothing to tidy up in it.
    }
    await this.noteChange();
  }

  async #sendList(modelId: string): Promise<void> {
    const { storage, emit, open } = this.#ports;
    const heads = await storage().list(modelId);
    const openId = open()?.run.runId;
    emit({ type: "runsListed", runs: heads.map((head) => describeHead(head, head.runId === openId)) });
  }

  /** A run for taking away: an open one as it is now, or at the next moment at which training does not write. */
  async #take(runId: string, use: (run: StoredRun) => Promise<void>): Promise<void> {
    const current = this.#ports.open();
    if (current?.run.runId !== runId) return await use((await this.#ports.storage().load(runId)).run);
    // What is done with it takes its time; training need not wait for it.
    await current.loop.take((run) => {
      use(run).catch(this.#ports.onFailure);
    });
  }

  async #storeCopy({ record, filmstrip, bytes }: StoredRun, title: string | null): Promise<string> {
    const runId = newRunId(record.modelId);
    const copied = { ...record, runId, title, savedAtMs: Date.now() };
    await this.#ports.storage().save({ record: copied, filmstrip, bytes });
    return runId;
  }
}

function describeHead(head: HeadRecord, isOpen: boolean): EventOf<"runsListed">["runs"][number] {
  const { runId, title, preset, config, step, createdAtMs, savedAtMs, rewardMean, sizeBytes } = head;
  const facts = { preset, config, step, createdAtMs, savedAtMs, rewardMean, sizeBytes };
  return { runId, title, isPinned: title !== null, isOpen, ...facts };
}
