/**
 * The page's side of a visit: find the model, have it opened, begin a run or take up an old one, and start again
 * after a failure. No React; the stores show what comes of it.
 */

import { makeConfig, PRESETS, type PresetName, type RunConfig } from "../engine/config.ts";
import { EngineError, toErrorRecord } from "../engine/errors.ts";
import type { BackendChoice, Command } from "../protocol/commands.ts";
import type { WorkerEvent } from "../protocol/events.ts";
import { type ModelEntry, type ModelManifest, manifestSchema } from "../protocol/manifest.ts";
import type { TrainClient } from "../workers/client.ts";
import { endsPlaying } from "../workers/pacedClient.ts";
import type { Address } from "./address.ts";
import { JUDGE_PART } from "./loadingParts.ts";
import type { Stores } from "./stores/connectStores.ts";
import { abandonStep } from "./stores/galleryStore.ts";
import type { Target } from "./stores/runStore.ts";

export interface SessionParts {
  readonly client: TrainClient;
  readonly stores: Stores;
  readonly address: Address;
  /** URL of the site's root; model and wasm folders are found from it. */
  readonly rootUrl: string;
  readonly fetchJson: (url: string) => Promise<unknown>;
}

export interface Session {
  /** Sends a command. Changes of settings that come close together go as one, before whatever is sent next. */
  send(command: Command): void;
  /** Begins a run with the present configuration and these changes. */
  startRun(changes?: Partial<RunConfig>): void;
  resumeRun(): void;
  /** Drops the step being worked on and pauses. */
  stop(): void;
  pause(): void;
  reconnect(backend: BackendChoice): void;
  dispose(): void;
}

function describeTarget({ id, title, files, bytes, judge: judgeId, judgeBytes = 0 }: ModelEntry): Target {
  const judge = judgeBytes > 0 ? [{ name: JUDGE_PART, bytes: judgeBytes }] : [];
  return {
    id,
    title,
    bytes: bytes + judgeBytes,
    parts: [...files, ...judge],
    hasJudge: judgeId !== undefined,
  };
}

/** What a run begins with. */
export interface RunPlan {
  readonly preset: PresetName;
  readonly config: RunConfig;
}

/** The session of the training worker. */
export interface LiveSession extends Session {
  /** Learns the model's name and size, so that they can be told before a byte of it moves. */
  prepare(): Promise<void>;
  /** Opens the model anew, on another backend when given; goes on with what was downloaded before. */
  open(backend?: BackendChoice): Promise<void>;
  /** Ends the download; what has arrived is kept. */
  cancelOpening(): void;
  /** Reconnects after a lost device; a run that played goes on playing. @param lostAt step of the loss */
  comeBack(lostAt: number): void;
  /** What the first run begins with, as long as none is open. */
  plan(plan: RunPlan): void;
  /** Begins a run and plays it, as soon as the model is open. */
  play(plan: RunPlan): void;
}

/** A preset of another version of this program is unknown here; the configuration says all that counts. */
export const presetNamed = (name: string): PresetName => (name in PRESETS ? (name as PresetName) : "robust");

/** Reads a JSON file. @throws EngineError("networkFailed") */
export async function fetchJson(url: string): Promise<unknown> {
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return await response.json();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError(
      "networkFailed",
      `The list of models could not be read: ${reason}.`,
      { url },
      { cause },
    );
  }
}

function readManifest(json: unknown): ModelManifest {
  const parsed = manifestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const problem = parsed.error.issues[0]?.message ?? "unknown shape";
  throw new EngineError("fileCorrupt", `The list of models is damaged: ${problem}.`, {
    file: "manifest.json",
  });
}

function findModel(manifest: ModelManifest, wanted: string | null): ModelEntry {
  const id = wanted ?? manifest.default ?? manifest.models[0]?.id;
  const entry = manifest.models.find((model) => model.id === id);
  if (entry) return entry;
  const known = manifest.models.map((model) => model.id).join(", ");
  throw new EngineError("modelMissing", `There is no model "${id}". This site has: ${known}.`, { known });
}

type ChangeConfig = Extract<Command, { type: "changeConfig" }>;

/** A dragged slider changes the run at most this often. */
const CHANGE_EVERY_MS = 150;

class WorkerSession implements LiveSession {
  private readonly parts: SessionParts;
  private readonly unsubscribe: () => void;
  private isReconnecting = false;
  private hasOffer = false;
  private entry: ModelEntry | null = null;
  private planned: RunPlan = { preset: "robust", config: makeConfig() };
  /** Somebody asked for the planned run and waits for the model. */
  private isPlayWanted = false;
  /** Somebody pressed Play, and nothing was asked for since that ends it. */
  private isPlaying = false;
  /** The run plays on when it is back. */
  private isPlayedOn = false;
  /** Changes of settings that wait for the timer, which runs since others were sent. */
  private changes: ChangeConfig["changes"] = {};
  private changeTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(parts: SessionParts) {
    this.parts = parts;
    this.unsubscribe = parts.client.subscribe((event) => this.follow(event));
  }

  send(command: Command): void {
    if (command.type !== "changeConfig") {
      // No step begins with settings that were changed before it was asked for.
      this.sendChanges();
      if (endsPlaying(command)) this.isPlaying = command.type === "play";
      this.parts.client.send(command);
      return;
    }
    this.changes = { ...this.changes, ...command.changes };
    if (this.changeTimer === null) this.sendChanges();
  }

  async prepare(): Promise<void> {
    await this.guard(() => this.findEntry());
  }

  async open(backend = this.parts.address.backend): Promise<void> {
    const { stores, address, rootUrl } = this.parts;
    this.isReconnecting = false;
    this.hasOffer = false;
    stores.run.setState({ opening: "checking", failure: null, resumeOffer: null });
    await this.guard(async () => {
      const entry = await this.findEntry();
      this.send({
        type: "openModel",
        modelId: entry.id,
        modelUrl: new URL(`models/${entry.id}/`, rootUrl).href,
        modelSha256: entry.files.find(({ name }) => name === "model.safetensors")?.sha256 ?? null,
        judgeUrl: entry.judge === undefined ? null : new URL(`models/${entry.judge}/`, rootUrl).href,
        spritesUrl: new URL(entry.sprites, rootUrl).href,
        wasmUrl: new URL("wasm/", rootUrl).href,
        weights: address.weights,
        backend,
        fail: address.fail,
      });
    });
  }

  cancelOpening(): void {
    this.isPlayWanted = false;
    this.send({ type: "cancelOpening" });
  }

  plan(plan: RunPlan): void {
    this.planned = plan;
  }

  play(plan: RunPlan): void {
    this.planned = plan;
    const { opening } = this.parts.stores.run.getState();
    if (opening === "ready") {
      this.startPlanned(true);
      return;
    }
    this.isPlayWanted = true;
    if (opening === "idle") void this.open();
  }

  startRun(changes: Partial<RunConfig> = {}): void {
    const { config, preset } = this.parts.stores.run.getState();
    const before = config ? { preset: presetNamed(preset), config } : this.planned;
    this.planned = {
      preset: before.preset,
      config: makeConfig(before.preset, { ...before.config, ...changes }),
    };
    this.startPlanned(false);
  }

  resumeRun(): void {
    const { resumeOffer } = this.parts.stores.run.getState();
    if (resumeOffer) this.send({ type: "resumeRun", runId: resumeOffer.runId });
  }

  stop(): void {
    const { gallery, run } = this.parts.stores;
    this.send({ type: "stop" });
    gallery.setState(abandonStep(gallery.getState()), true);
    // A worker that already rests has nothing to confirm.
    const { state } = run.getState();
    run.setState({ state: state === "paused" ? state : "pausing", activeStep: null, phase: null });
  }

  pause(): void {
    this.send({ type: "pause" });
    // Shown at once; the worker confirms when the phase at work is done.
    this.parts.stores.run.setState({ state: "pausing" });
  }

  reconnect(backend: BackendChoice): void {
    const { run } = this.parts.stores;
    const { failure, model } = run.getState();
    const isWorkerGone = failure?.error.code === "workerCrash";
    if (!model && !isWorkerGone) {
      void this.open(backend);
      return;
    }
    this.isReconnecting = true;
    this.hasOffer = false;
    run.setState({ failure: null, opening: "checking", state: "empty" });
    this.send({ type: "reconnect", backend });
  }

  comeBack(lostAt: number): void {
    const { run, device } = this.parts.stores;
    this.isPlayedOn = this.isPlaying;
    this.reconnect(device.getState().backend?.backend ?? "auto");
    run.setState({ comeback: { lostAt, resumedAt: null } });
  }

  dispose(): void {
    this.sendChanges();
    this.unsubscribe();
    this.parts.client.dispose();
  }

  /** Sends what was collected, and collects anew for a while. */
  private sendChanges(): void {
    clearTimeout(this.changeTimer ?? undefined);
    this.changeTimer = null;
    const { changes } = this;
    if (Object.keys(changes).length === 0) return;
    this.changes = {};
    this.parts.client.send({ type: "changeConfig", changes });
    this.changeTimer = setTimeout(() => this.sendChanges(), CHANGE_EVERY_MS);
  }

  /** The model the address asks for, from the list of models. */
  private async findEntry(): Promise<ModelEntry> {
    if (this.entry) return this.entry;
    const { address, rootUrl, stores, fetchJson: load } = this.parts;
    const manifest = readManifest(await load(new URL("models/manifest.json", rootUrl).href));
    this.entry = findModel(manifest, address.modelId);
    stores.run.setState({ target: describeTarget(this.entry) });
    return this.entry;
  }

  /** Shows what goes wrong before the worker is asked. */
  private async guard(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      const failure = { error: toErrorRecord(thrown), isFatal: true, step: null };
      this.parts.stores.run.setState({ failure, state: "failed", opening: "idle" });
    }
  }

  private startPlanned(isPlayed: boolean): void {
    this.isPlayWanted = false;
    this.isPlayedOn = false;
    this.send({ type: "startRun", ...this.planned });
    if (isPlayed) this.send({ type: "play" });
  }

  private follow(event: WorkerEvent): void {
    if (event.type === "resumeOffered") this.hasOffer = true;
    if (event.type === "failed") this.isPlayedOn = false;
    if (event.type === "runStarted" && this.isPlayedOn) {
      this.isPlayedOn = false;
      this.send({ type: "play" });
    }
    // It was asked for while another run warmed up.
    if (event.type === "runStarted" && this.isPlayWanted) this.startPlanned(true);
    if (event.type !== "modelReady") return;
    // After a reconnection the worker brings the run back by itself.
    const isRunComingBack = this.isReconnecting && this.parts.stores.run.getState().runId !== null;
    const isPlayed = this.isPlayWanted;
    if (isPlayed || (!this.hasOffer && !isRunComingBack)) this.startPlanned(isPlayed);
  }
}

export const createSession = (parts: SessionParts): LiveSession => new WorkerSession(parts);
