/**
 * What the session needs of the engine and of storage. The real ones are `engineHost.ts` and the host's; tests
 * pass small fakes, so that the state machine is tested without a model.
 */
import type { RunConfig } from "../engine/config.ts";
import type {
  BackendReport,
  DeviceMemory,
  ImageCodes,
  ImageU8,
  Task,
  TrainerEvent,
} from "../engine/index.ts";
import type { BackendChoice, WeightsChoice } from "../protocol/commands.ts";
import type { EventOf, WorkerEvent } from "../protocol/events.ts";
import type { LoadedCheckpoint, SavedCheckpoint } from "../storage/checkpoints.ts";
import type { HeadRecord } from "../storage/db.ts";
import type { Judgement } from "../storage/judgements.ts";
import type { StorageEstimate } from "../storage/quota.ts";
import type { LockOrder, ReleaseRun } from "../storage/runLock.ts";
import type { StoredRun } from "../storage/runRecord.ts";

export type LoadProgress = Omit<EventOf<"modelProgressed">, "type">;
export type ModelFacts = Omit<EventOf<"modelReady">, "type" | "modelId">;

/** A fixed prompt of the filmstrip. */
export interface FilmRow {
  readonly prompt: string;
  readonly seed: string;
}

/** One run on the loaded model: adapter, optimizer and position. */
export interface EngineRun {
  /** Steps finished. */
  finishedSteps(): number;
  /** What the run takes of memory as it is set now. @throws EngineError("outOfMemory") when it cannot fit */
  planMemory(): NonNullable<EventOf<"memoryMeasured">["planned"]>;
  /** Goes on from the last finished step. @throws what `train` throws */
  train(signal: AbortSignal): AsyncGenerator<TrainerEvent<Task>, void>;
  decodeImages(images: readonly ImageCodes[]): Promise<ImageU8[]>;
  readonly filmRows: readonly FilmRow[];
  /** Draws the fixed prompts as the model is now. @throws EngineError("cancelled") */
  drawFilm(signal: AbortSignal): Promise<ImageU8[]>;
  /** Adapter, optimizer and position as bytes. Call between steps' writes only, that is: not while pulling. */
  encode(): Promise<Uint8Array>;
  /** Makes the next step fail with "nonFinite"; for `?fail=nan`. */
  poison(): Promise<void>;
  dispose(): void;
}

export interface RunOrder {
  readonly preset: string;
  /** Read by the trainer at its safe points. */
  readonly config: () => RunConfig;
  /** The engine's checkpoint to go on from; null for a fresh adapter. */
  readonly checkpoint: Uint8Array | null;
  /** Hears how many of the shaders that a step needs are compiled; silent where there are none. */
  readonly onCompiled: (compiled: number, total: number) => void;
}

/** What a machine can be pretended to lack. */
export type Lack = "gpu" | "f16" | null;

export interface SessionEngine {
  /** @param lack what to pretend that the browser does not have (`?fail=nogpu`, `nof16`) */
  start(backend: BackendChoice, wasmUrl: string, lack: Lack): Promise<BackendReport>;
  /** @throws EngineError("cancelled") after the signal; what was downloaded is kept for the next call */
  loadModel(
    source: {
      readonly modelId: string;
      readonly modelUrl: string;
      readonly modelSha256: string | null;
      readonly judgeUrl: string | null;
      readonly spritesUrl: string;
      readonly weights: WeightsChoice;
    },
    onProgress: (progress: LoadProgress) => void,
    signal: AbortSignal,
  ): Promise<ModelFacts>;
  openRun(order: RunOrder): Promise<EngineRun>;
  /**
   * Whether a checkpoint could be opened on the loaded model. Nothing changes.
   * @throws EngineError("checkpointMismatch" | "checkpointCorrupt")
   */
  requireFit(checkpoint: Uint8Array): Promise<void>;
  /** Draws one prompt with each of the weights. What a run has on the model is back afterwards. @throws EngineError("cancelled") */
  drawSamples(order: DrawOrder): Promise<void>;
  /**
   * Has the outside judge score test prompts. What a run has on the model is back afterwards.
   * @throws EngineError("cancelled"), EngineError("badInput") where the model has no judge
   */
  judgePrompts(order: JudgeOrder): Promise<void>;
  measureMemory(): DeviceMemory;
  /** The reason behind a failure: a lost device explains whatever else was thrown. */
  explainFailure(thrown: unknown): unknown;
  /** Loses the device on purpose; for `?fail=lost`. */
  destroyDevice(): void;
  close(): void;
}

/** Weights to look at: the model as it came, or with the adapter of this checkpoint. */
export type WeightsBytes = Uint8Array | null;

export interface DrawOrder {
  readonly weights: readonly WeightsBytes[];
  readonly prompt: string;
  readonly question: string | null;
  readonly seed: string;
  readonly signal: AbortSignal;
  readonly onDrawn: (sample: Omit<EventOf<"sampleDrawn">, "type" | "jobId">) => void;
}

/** What decides verdicts, and how many there will be. */
export interface Evaluation {
  /** Names everything that decides an image and its verdict: the same key, the same verdicts. */
  readonly key: string;
  readonly judge: string;
  /** First line of a file of judged images. */
  readonly header: string;
  readonly total: number;
}

export interface JudgeOrder {
  readonly weights: WeightsBytes;
  readonly promptCount: number | null;
  readonly imagesPerPrompt: number;
  readonly seed: number;
  readonly isStoredOnly: boolean;
  readonly signal: AbortSignal;
  /** Lines of images that were judged before. */
  readonly recall: (key: string) => Promise<readonly string[]>;
  readonly onStarted: (evaluation: Evaluation, done: number) => void;
  /** @param isNew drawn and judged just now, not recalled */
  readonly onJudged: (
    evaluation: Evaluation,
    batch: Omit<EventOf<"imagesJudged">, "type" | "jobId">,
    isNew: boolean,
  ) => Promise<void>;
}

export interface SessionStorage {
  save(run: StoredRun): Promise<SavedCheckpoint>;
  load(runId: string): Promise<LoadedCheckpoint>;
  list(modelId: string): Promise<readonly HeadRecord[]>;
  delete(runId: string): Promise<void>;
  lock(runId: string, order: LockOrder): Promise<ReleaseRun>;
  estimate(): Promise<StorageEstimate>;
  readJudgements(key: string): Promise<readonly string[]>;
  addJudgements(key: string, judgements: readonly Judgement[]): Promise<void>;
}

/** How to kill the thread (`?fail=`); the worker knows, tests count. */
export interface Killer {
  crash(): void;
  hang(): void;
}

/** All that a session needs of its surroundings. */
export interface SessionPorts {
  readonly engine: SessionEngine;
  readonly storage: SessionStorage;
  readonly emit: (event: WorkerEvent) => void;
  readonly killer: Killer;
  readonly yieldToMessages: () => Promise<void>;
  readonly now: () => number;
}
