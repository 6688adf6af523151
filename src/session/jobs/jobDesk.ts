/**
 * Jobs that look at the model while training rests: one at a time, each ended within a decoding step, and whatever
 * becomes of it, `jobEnded` says so.
 */
import { EngineError } from "../../engine/errors.ts";
import type { Command, WeightsSource } from "../../protocol/commands.ts";
import type { WorkerEvent } from "../../protocol/events.ts";
import type { SessionEngine, SessionStorage, WeightsBytes } from "../ports.ts";

export type JobCommand = Extract<Command, { type: "drawSamples" | "evaluate" }>;
type OrderOf<T extends JobCommand["type"]> = Extract<JobCommand, { type: T }>;

/** What may wait until a job is over; every other command ends it. */
export const PATIENT: ReadonlySet<Command["type"]> = new Set([
  "exportRun",
  "importRun",
  "pinRun",
  "reportVisibility",
]);

export interface JobPorts {
  readonly engine: Pick<SessionEngine, "drawSamples" | "judgePrompts">;
  readonly storage: () => Pick<SessionStorage, "readJudgements" | "addJudgements">;
  readonly emit: (event: WorkerEvent) => void;
  /** Reports what went wrong; the session goes on. */
  readonly onFailure: (thrown: unknown) => void;
  /** Pauses training and waits until the model rests. */
  readonly rest: () => Promise<void>;
  readonly weightsOf: (source: WeightsSource) => Promise<WeightsBytes>;
}

interface Job {
  readonly command: JobCommand;
  readonly abort: AbortController;
}

export class JobDesk {
  readonly #ports: JobPorts;
  #job: Job | null = null;
  #lose: (error: EngineError) => void = () => undefined;

  constructor(ports: JobPorts) {
    this.#ports = ports;
  }

  /** Announces a job that waits for its turn, so that it can be ended before it begins; the one at work ends. */
  expect(command: JobCommand): () => Promise<void> {
    this.end();
    const job = { command, abort: new AbortController() };
    this.#job = job;
    return () => this.#carryOut(job);
  }

  /** Ends the job of this id, or whichever is at work. */
  end(jobId: string | undefined = this.#job?.command.jobId): void {
    if (this.#job?.command.jobId === jobId) this.#job?.abort.abort();
  }

  /** A lost device can leave promises that never settle: the job is over at once. */
  lose(error: EngineError): void {
    this.#lose(error);
  }

  async #carryOut(job: Job): Promise<void> {
    const { jobId } = job.command;
    const lost = new Promise<never>((_, reject) => {
      this.#lose = reject;
    });
    try {
      await Promise.race([this.#work(job), lost]);
      this.#ports.emit({ type: "jobEnded", jobId, outcome: "finished" });
    } catch (error) {
      const isStopped = error instanceof EngineError && error.code === "cancelled";
      if (!isStopped) this.#ports.onFailure(error);
      this.#ports.emit({ type: "jobEnded", jobId, outcome: isStopped ? "stopped" : "failed" });
    } finally {
      // What a lost device left hanging must not speak up later.
      job.abort.abort();
      this.#lose = () => undefined;
      if (this.#job === job) this.#job = null;
    }
  }

  async #work({ command, abort: { signal } }: Job): Promise<void> {
    requireWanted(signal);
    await this.#ports.rest();
    requireWanted(signal);
    if (command.type === "drawSamples") await this.#draw(command, signal);
    else await this.#judge(command, signal);
  }

  async #draw(command: OrderOf<"drawSamples">, signal: AbortSignal): Promise<void> {
    const { engine, emit, weightsOf } = this.#ports;
    const { jobId, sources, prompt, question, seed } = command;
    const weights: WeightsBytes[] = [];
    for (const source of sources) weights.push(await weightsOf(source));
    emit({ type: "jobStarted", jobId, total: sources.length, done: 0, judge: null, header: null });
    const onDrawn: Parameters<SessionEngine["drawSamples"]>[0]["onDrawn"] = (sample) =>
      emit({ type: "sampleDrawn", jobId, ...sample });
    await engine.drawSamples({ weights, prompt, question, seed, signal, onDrawn });
  }

  async #judge(command: OrderOf<"evaluate">, signal: AbortSignal): Promise<void> {
    const { engine, storage, emit, onFailure, weightsOf } = this.#ports;
    const { jobId, source, promptCount, imagesPerPrompt, seed, isStoredOnly } = command;
    /** Storage that refuses once would refuse every batch: it is said once, and judging goes on unsaved. */
    let isStorageRefusing = false;
    const refuse = (error: unknown) => {
      if (!isStorageRefusing) onFailure(error);
      isStorageRefusing = true;
    };
    await engine.judgePrompts({
      ...{ promptCount, imagesPerPrompt, seed, isStoredOnly, signal },
      weights: await weightsOf(source),
      recall: async (key) => {
        try {
          return await storage().readJudgements(key);
        } catch (error) {
          refuse(error);
          return [];
        }
      },
      onStarted: ({ judge, header, total }, done) =>
        emit({ type: "jobStarted", jobId, total, done, judge, header }),
      onJudged: async ({ key }, batch, isNew) => {
        emit({ type: "imagesJudged", jobId, ...batch });
        if (!isNew || isStorageRefusing) return;
        const judgements = batch.images.map((image) => ({ seed: image.seed, line: image.line }));
        await storage().addJudgements(key, judgements).catch(refuse);
      },
    });
  }
}

/** @throws EngineError("cancelled") */
function requireWanted(signal: AbortSignal): void {
  if (signal.aborted) throw new EngineError("cancelled", "The job was ended before it began.");
}
