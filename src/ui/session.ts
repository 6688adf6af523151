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
import type { Address } from "./address.ts";
import type { Stores } from "./stores/connectStores.ts";
import { abandonStep } from "./stores/galleryStore.ts";

export interface SessionParts {
  readonly client: TrainClient;
  readonly stores: Stores;
  readonly address: Address;
  /** URL of the site's root; model and wasm folders are found from it. */
  readonly rootUrl: string;
  readonly fetchJson: (url: string) => Promise<unknown>;
}

export interface Session {
  send(command: Command): void;
  /** Opens the model anew, on another backend when given. */
  open(backend?: BackendChoice): Promise<void>;
  /** Begins a run with the present configuration and these changes. */
  startRun(changes?: Partial<RunConfig>): void;
  resumeRun(): void;
  /** Drops the step being worked on and pauses. */
  stop(): void;
  pause(): void;
  reconnect(backend: BackendChoice): void;
  dispose(): void;
}

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

class PageSession implements Session {
  private readonly parts: SessionParts;
  private readonly unsubscribe: () => void;

  constructor(parts: SessionParts) {
    this.parts = parts;
    this.unsubscribe = parts.client.subscribe((event) => this.follow(event));
  }

  private isReconnecting = false;
  private hasOffer = false;

  send(command: Command): void {
    this.parts.client.send(command);
  }

  async open(backend = this.parts.address.backend): Promise<void> {
    const { stores, address, rootUrl } = this.parts;
    this.isReconnecting = false;
    this.hasOffer = false;
    stores.run.setState({ opening: "checking", files: [], failure: null, resumeOffer: null });
    try {
      const manifest = readManifest(
        await this.parts.fetchJson(new URL("models/manifest.json", rootUrl).href),
      );
      const entry = findModel(manifest, address.modelId);
      stores.run.setState({ target: { id: entry.id, title: entry.title, bytes: entry.bytes } });
      this.send({
        type: "openModel",
        modelId: entry.id,
        modelUrl: new URL(`models/${entry.id}/`, rootUrl).href,
        judgeUrl: entry.judge === undefined ? null : new URL(`models/${entry.judge}/`, rootUrl).href,
        spritesUrl: new URL(entry.sprites, rootUrl).href,
        wasmUrl: new URL("wasm/", rootUrl).href,
        weights: address.weights,
        backend,
        fail: address.fail,
      });
    } catch (thrown) {
      const error = toErrorRecord(thrown);
      stores.run.setState({
        failure: { error, isFatal: true, step: null },
        state: "failed",
        opening: "idle",
      });
    }
  }

  startRun(changes: Partial<RunConfig> = {}): void {
    const { run } = this.parts.stores;
    const { config, preset } = run.getState();
    const name: PresetName = preset in PRESETS ? (preset as PresetName) : "robust";
    this.send({ type: "startRun", preset: name, config: makeConfig(name, { ...config, ...changes }) });
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
    run.setState({ failure: null, opening: "checking", files: [], state: "empty" });
    this.send({ type: "reconnect", backend });
  }

  dispose(): void {
    this.unsubscribe();
    this.parts.client.dispose();
  }

  private follow(event: WorkerEvent): void {
    if (event.type === "resumeOffered") this.hasOffer = true;
    if (event.type !== "modelReady") return;
    // After a reconnection the worker brings the run back by itself.
    const isRunComingBack = this.isReconnecting && this.parts.stores.run.getState().runId !== null;
    if (!this.hasOffer && !isRunComingBack) this.startRun();
  }
}

export const createSession = (parts: SessionParts): Session => new PageSession(parts);
