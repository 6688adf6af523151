/**
 * Training at a pace a person can follow: a client between the page and the worker that plays in slow motion by
 * asking for one phase after another and resting in between. The page sees one run that plays all the time.
 */
import type { EngineErrorCode } from "../engine/errors.ts";
import type { Command, CommandType } from "../protocol/commands.ts";
import type { RunState, WorkerEvent } from "../protocol/events.ts";
import type { TrainClient } from "./client.ts";
import type { Speed } from "./timeline.ts";

/** How long the result of a phase is held before the eye. */
export const HOLD_MS = 1800;

export interface PacedClient extends TrainClient {
  /** "slow" holds after each phase, "normal" shows all, "max" only finished steps. */
  setSpeed(speed: Speed): void;
}

/** Commands that a playing run goes on after; all others end the playing. */
const HARMLESS: ReadonlySet<CommandType> = new Set([
  "changeConfig",
  "saveCheckpoint",
  "exportRun",
  "importRun",
  "listRuns",
  "readHistory",
  "pinRun",
  "deleteRun",
  "endJob",
  "reportVisibility",
]);

/** Whether a playing run does not go on after this; Play itself begins anew. */
export const endsPlaying = ({ type }: Command): boolean => !HARMLESS.has(type);

/** Failures that training goes on after, unsaved. */
const NOTICES: ReadonlySet<EngineErrorCode> = new Set(["storageFull", "storageUnavailable"]);

/** What "max" leaves out: how a step comes to be. */
const IN_BETWEEN: ReadonlySet<WorkerEvent["type"]> = new Set(["phaseStarted", "drawProgressed"]);

class SlowMotion implements PacedClient {
  readonly #inner: TrainClient;
  readonly #listeners = new Set<(event: WorkerEvent) => void>();
  readonly #unsubscribe: () => void;
  #speed: Speed = "normal";
  /** Somebody pressed Play and nothing has ended it. */
  #isPlaying = false;
  /** The worker's own state, which rests while the page sees it run. */
  #state: RunState = "empty";
  #hold: ReturnType<typeof setTimeout> | null = null;

  constructor(inner: TrainClient) {
    this.#inner = inner;
    this.#unsubscribe = inner.subscribe((event) => this.#receive(event));
  }

  send(command: Command): void {
    if (command.type === "play") {
      this.#isPlaying = true;
      this.#goOn();
      return;
    }
    if (!endsPlaying(command)) {
      this.#inner.send(command);
      return;
    }
    const wasHolding = this.#hold !== null;
    this.#endPlaying();
    // Between two phases the worker rests already.
    if (command.type !== "pause" || !wasHolding) this.#inner.send(command);
  }

  subscribe(listener: (event: WorkerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  setSpeed(speed: Speed): void {
    this.#speed = speed;
    if (!this.#isPlaying) return;
    // A hold that has begun is cut short; a phase at work is told anew where to hold.
    if (this.#hold !== null || this.#state === "running") this.#goOn();
  }

  dispose(): void {
    this.#clearHold();
    this.#unsubscribe();
    this.#listeners.clear();
    this.#inner.dispose();
  }

  #goOn(): void {
    this.#clearHold();
    this.#inner.send({ type: this.#speed === "slow" ? "stepPhase" : "play" });
  }

  #receive(event: WorkerEvent): void {
    if (event.type === "stateChanged") {
      this.#state = event.state;
      if (event.state === "paused" && this.#isPlaying) {
        if (this.#speed === "slow") {
          this.#clearHold();
          this.#hold = setTimeout(() => this.#goOn(), HOLD_MS);
          return;
        }
        this.#isPlaying = false;
      }
    }
    if (event.type === "failed" && (event.isFatal || !NOTICES.has(event.error.code))) this.#endPlaying();
    if (this.#speed === "max" && IN_BETWEEN.has(event.type)) return;
    this.#emit(event);
  }

  #endPlaying(): void {
    this.#isPlaying = false;
    if (this.#hold === null) return;
    this.#clearHold();
    this.#emit({ type: "stateChanged", state: "paused" });
  }

  #clearHold(): void {
    if (this.#hold !== null) clearTimeout(this.#hold);
    this.#hold = null;
  }

  #emit(event: WorkerEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

/** Takes ownership of the client inside. */
export const createPacedClient = (inner: TrainClient): PacedClient => new SlowMotion(inner);
