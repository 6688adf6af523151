/**
 * Records a run: drives the same session that the page's worker drives, step by step, and keeps what it says. A
 * recording that was stopped goes on after its last finished step.
 */
import { diffConfig, type RunConfig } from "../../engine/config.ts";
import { EngineError } from "../../engine/errors.ts";
import type { Command } from "../../protocol/commands.ts";
import type { RunState, WorkerEvent } from "../../protocol/events.ts";
import type { TimedEvent } from "../../protocol/recording.ts";
import type { SessionEngine } from "../../session/ports.ts";
import { Session } from "../../session/session.ts";
import type { RecordingFolder } from "./folderStorage.ts";
import { isKept } from "./thinEvents.ts";

export interface RecordOrder {
  readonly open: Omit<Extract<Command, { type: "openModel" }>, "type" | "fail">;
  readonly preset: string;
  readonly config: RunConfig;
  /** Finished steps to reach. */
  readonly steps: number;
}

export interface RecordPorts {
  readonly engine: SessionEngine;
  readonly folder: RecordingFolder;
  readonly yieldToMessages: () => Promise<void>;
  /** Milliseconds of any steady clock. */
  readonly now: () => number;
  /** Hears each finished step. */
  readonly onStep: (step: number, metrics: Readonly<Record<string, number>>) => void;
}

const unexpected = (): never => {
  throw new EngineError("badInput", "A recording provokes no failures.");
};

/** A session whose events are counted, kept and waited for. */
class RecordedSession {
  readonly session: Session;
  readonly #ports: RecordPorts;
  #state: RunState = "empty";
  #failure: EngineError | null = null;
  #onRest: () => void = () => undefined;

  /** @param alreadyMs time of the run before it was stopped @param isFresh whether its beginning is still to be kept */
  constructor(ports: RecordPorts, alreadyMs: number, isFresh: boolean) {
    const { engine, folder, yieldToMessages, now } = ports;
    this.#ports = ports;
    let isKeeping = isFresh;
    let startMs: number | null = null;
    this.session = new Session({
      engine,
      storage: folder.asStorage(),
      emit: (event) => {
        if (event.type === "stepStarted") isKeeping = true;
        if (isKeeping && isKept(event)) {
          startMs ??= now() - alreadyMs;
          folder.add({ atMs: now() - startMs, event });
        }
        this.#follow(event);
      },
      killer: { crash: unexpected, hang: unexpected },
      yieldToMessages,
      now,
    });
  }

  /** Carries a command out. @throws the EngineError that it ended in */
  async obey(command: Command): Promise<void> {
    await this.session.handle(command);
    if (this.#failure) throw this.#failure;
  }

  /** One whole step, from rest to rest. @throws the EngineError that it ended in */
  async step(): Promise<void> {
    const rested = new Promise<void>((resolve) => {
      this.#onRest = resolve;
    });
    await this.obey({ type: "stepOnce" });
    await rested;
    if (this.#failure) throw this.#failure;
  }

  #follow(event: WorkerEvent): void {
    if (event.type === "stepFinished") this.#ports.onStep(event.step, event.metrics);
    if (event.type === "failed") {
      const { code, message, data } = event.error;
      this.#failure ??= new EngineError(code, message, data);
    }
    if (event.type !== "stateChanged" || event.state === this.#state) return;
    this.#state = event.state;
    if (event.state === "paused" || event.state === "failed") this.#onRest();
  }
}

/** @throws EngineError("badConfig") when the folder holds a run of other settings */
function requireSameRun(found: RunConfig, asked: RunConfig): void {
  const different = diffConfig(found, asked);
  if (different.length === 0) return;
  throw new EngineError(
    "badConfig",
    `The folder holds a run with other settings (${different.join(", ")}). Give another --work folder, or delete this one.`,
    { keys: different.join(" ") },
  );
}

/**
 * Trains up to the steps asked for and keeps every step in the folder.
 * @returns the events of the whole run, thinned
 * @throws EngineError of loading, training or writing; finished steps are kept
 */
export async function recordRun(order: RecordOrder, ports: RecordPorts): Promise<TimedEvent[]> {
  const { folder } = ports;
  const before = folder.readRun();
  const done = before?.record.step ?? 0;
  if (before) requireSameRun(before.record.config, order.config);
  if (done >= order.steps) return folder.readEvents(order.steps);
  const alreadyMs = folder.readEvents(done).at(-1)?.atMs ?? 0;
  const recorded = new RecordedSession(ports, alreadyMs, done === 0);
  await recorded.obey({ type: "openModel", ...order.open, fail: null });
  if (before && done > 0) await recorded.obey({ type: "resumeRun", runId: before.record.runId });
  else await recorded.obey({ type: "startRun", preset: order.preset, config: order.config });
  while (recorded.session.step < order.steps) await recorded.step();
  ports.engine.close();
  return folder.readEvents(order.steps);
}
