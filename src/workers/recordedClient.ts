/**
 * Plays a recorded run to the page as if a worker trained it: the same interface as `client.ts`, the same events. It
 * plays, pauses, steps, goes to a step and loops, and needs no model, no worker and no GPU.
 */
import { EngineError, toErrorRecord } from "../engine/errors.ts";
import type { RecordingReader } from "../formats/recordingFile.ts";
import type { Command } from "../protocol/commands.ts";
import type { EventOf, RunState, WorkerEvent } from "../protocol/events.ts";
import type { RecordingHeader, TimedEvent } from "../protocol/recording.ts";
import type { TrainClient } from "./client.ts";
import { LOOP_REST_MS, paceEvents, type Speed } from "./timeline.ts";

/** What the controls show. */
export interface Playback {
  /** Null until a recording is open. */
  readonly header: RecordingHeader | null;
  /** Finished steps that have arrived so far. */
  readonly loadedSteps: number;
  readonly speed: Speed;
  readonly isLooped: boolean;
}

export interface RecordedClient extends TrainClient {
  /**
   * Opens a recording in the place of the one before and shows it from a step, playing or at rest.
   * What hinders it becomes a `failed` event; opening another one in the meantime wins.
   */
  open(read: () => Promise<RecordingReader>, from: { step: number; isPlaying: boolean }): Promise<void>;
  /** Shows the run as it was after a step; goes on playing if it played. */
  seek(step: number): void;
  /** What happened in a step, to look back at it; empty where it has not arrived, or there is no such step. */
  eventsOf(step: number): readonly WorkerEvent[];
  setSpeed(speed: Speed): void;
  setLooped(isLooped: boolean): void;
}

/** Where playing holds next. */
type Target = "forever" | "phase" | "step";

const EMPTY: Playback = { header: null, loadedSteps: 0, speed: "normal", isLooped: false };

class Player implements RecordedClient {
  readonly #listeners = new Set<(event: WorkerEvent) => void>();
  readonly #onPlayback: (playback: Playback) => void;
  #playback = EMPTY;
  /** The beginning of the run, then the events of each step. */
  #blocks: (readonly TimedEvent[])[] = [];
  #isComplete = false;
  /** Counts openings: what belongs to an earlier one is dropped. */
  #opening = 0;
  #state: RunState = "empty";
  #target: Target = "forever";
  /** The next event to be shown. */
  #block = 0;
  #at = 0;
  /** Times of the present block's events at the present speed. */
  #times: readonly number[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(onPlayback: (playback: Playback) => void) {
    this.#onPlayback = onPlayback;
  }

  subscribe(listener: (event: WorkerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  dispose(): void {
    this.#opening++;
    this.#clearTimer();
    this.#listeners.clear();
  }

  async open(
    read: () => Promise<RecordingReader>,
    { step, isPlaying }: { step: number; isPlaying: boolean },
  ): Promise<void> {
    const opening = ++this.#opening;
    this.#clearTimer();
    this.#blocks = [];
    this.#isComplete = false;
    this.#setState("empty");
    this.#show({ header: null, loadedSteps: 0 });
    try {
      const { header, steps } = await read();
      for await (const events of steps) {
        if (opening !== this.#opening) return;
        this.#blocks.push(events);
        this.#show({ header, loadedSteps: this.#blocks.length - 1 });
        if (this.#blocks.length - 1 === Math.min(step, header.steps)) this.#begin(step, isPlaying);
        this.#goOn();
      }
      this.#isComplete = true;
      this.#goOn();
    } catch (error) {
      if (opening === this.#opening) this.#fail(error);
    }
  }

  send(command: Command): void {
    switch (command.type) {
      case "play":
        this.#play("forever");
        break;
      case "stepOnce":
        this.#play("step");
        break;
      case "stepPhase":
        this.#play("phase");
        break;
      case "pause":
        this.#rest();
        break;
      case "stop":
        this.#setState("paused");
        this.seek(this.#finishedSteps());
        break;
      case "reset":
        this.seek(0);
        break;
      case "reportVisibility":
        break;
      default:
        this.#fail(
          new EngineError("badInput", "A recording cannot do this: play live instead.", {
            command: command.type,
          }),
        );
    }
  }

  seek(step: number): void {
    const last = this.#blocks.length - 1;
    if (last < 0) return;
    this.#clearTimer();
    const target = Math.min(Math.max(0, Math.round(step)), last);
    this.#emit(this.#summarise(target));
    for (const { event } of target > 0 ? (this.#blocks[target] ?? []) : []) {
      if (event.type !== "filmstripDrawn") this.#emit(event);
    }
    this.#enter(target + 1);
    if (this.#state === "running") this.#schedule();
  }

  eventsOf(step: number): readonly WorkerEvent[] {
    return step > 0 ? (this.#blocks[step] ?? []).map(({ event }) => event) : [];
  }

  setSpeed(speed: Speed): void {
    this.#show({ speed });
    this.#times = paceEvents(this.#blocks[this.#block] ?? [], speed);
    if (this.#state === "running") this.#schedule();
  }

  setLooped(isLooped: boolean): void {
    this.#show({ isLooped });
    if (this.#state === "running") this.#schedule();
  }

  /** Shows a run that has arrived as far as its first step to be shown. */
  #begin(step: number, isPlaying: boolean): void {
    for (const { event } of this.#blocks[0] ?? []) {
      if (event.type === "backendStarted" || event.type === "modelReady") this.#emit(event);
    }
    this.#setState("paused");
    this.seek(step);
    if (isPlaying) this.#play("forever");
  }

  #play(target: Target): void {
    if (this.#blocks.length === 0) return;
    this.#target = target;
    if (this.#isAtEnd()) this.seek(0);
    this.#setState("running");
    this.#schedule();
  }

  #rest(): void {
    this.#clearTimer();
    if (this.#state === "running") this.#setState("paused");
  }

  /** Something arrived: goes on where playing had to wait for it. */
  #goOn(): void {
    if (this.#state === "running" && this.#timer === null) this.#schedule();
  }

  /** Waits for the next event, which may still have to arrive. */
  #schedule(): void {
    this.#clearTimer();
    if (this.#isAtEnd()) {
      if (!this.#playback.isLooped) this.#rest();
      else this.#timer = setTimeout(() => this.seek(0), LOOP_REST_MS);
      return;
    }
    if (this.#times.length === 0) this.#enter(this.#block);
    const due = this.#times[this.#at];
    if (due === undefined) return;
    this.#timer = setTimeout(() => this.#showNext(), due - (this.#times[this.#at - 1] ?? 0));
  }

  /** Shows the next event, and those of the same moment. */
  #showNext(): void {
    this.#timer = null;
    const due = this.#times[this.#at];
    while (this.#state === "running" && this.#at < this.#times.length && this.#times[this.#at] === due) {
      const event = this.#blocks[this.#block]?.[this.#at]?.event;
      this.#at++;
      if (event) this.#emit(event);
      if (event?.type === "phaseStarted" && event.phase !== "sample" && this.#target === "phase") {
        this.#rest();
      }
    }
    if (this.#at >= this.#times.length) this.#leaveStep();
    if (this.#state === "running") this.#schedule();
  }

  #leaveStep(): void {
    this.#enter(this.#block + 1);
    if (this.#target !== "forever") this.#rest();
  }

  #enter(block: number): void {
    this.#block = block;
    this.#at = 0;
    this.#times = paceEvents(this.#blocks[block] ?? [], this.#playback.speed);
  }

  #isAtEnd(): boolean {
    return this.#isComplete && this.#block >= this.#blocks.length;
  }

  /** Steps that are finished on the page. */
  #finishedSteps(): number {
    return Math.max(0, this.#block - 1);
  }

  /** The event that shows a run at a step as if it had been resumed there. */
  #summarise(step: number): WorkerEvent {
    const events = this.#blocks.slice(0, step + 1).flatMap((block) => block.map(({ event }) => event));
    const started = events.find((event): event is EventOf<"runStarted"> => event.type === "runStarted");
    if (!started) throw new EngineError("fileCorrupt", "The recording does not say how its run began.");
    const history = events.flatMap((event) => (event.type === "stepFinished" ? [event.metrics] : []));
    const filmstrip = events.flatMap((event) => (event.type === "filmstripDrawn" ? [event] : []));
    return { ...started, step, history, filmstrip: [...started.filmstrip, ...filmstrip] };
  }

  #fail(thrown: unknown): void {
    this.#clearTimer();
    this.#emit({ type: "failed", error: toErrorRecord(thrown), isFatal: false, step: null });
    this.#setState(this.#blocks.length > 0 ? "paused" : "empty");
  }

  #show(change: Partial<Playback>): void {
    this.#playback = { ...this.#playback, ...change };
    this.#onPlayback(this.#playback);
  }

  #setState(state: RunState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#emit({ type: "stateChanged", state });
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #emit(event: WorkerEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

/** @param onPlayback hears what the controls show, whenever it changes */
export function createRecordedClient(onPlayback: (playback: Playback) => void): RecordedClient {
  return new Player(onPlayback);
}
