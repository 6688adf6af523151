import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeConfig } from "../engine/config.ts";
import type { Command } from "../protocol/commands.ts";
import type { WorkerEvent } from "../protocol/events.ts";
import { createTrainClient, type WorkerLike } from "./client.ts";

/** Records what it is told and says what the test wants. */
class FakeWorker extends EventTarget {
  readonly received: Command[] = [];
  isTerminated = false;
  postMessage(command: Command, transfer: ArrayBuffer[]): void {
    this.received.push(structuredClone(command, { transfer }));
  }
  terminate(): void {
    this.isTerminated = true;
  }
  say(event: WorkerEvent): void {
    this.dispatchEvent(Object.assign(new Event("message"), { data: structuredClone(event) }));
  }
  throwUncaught(message: string): void {
    this.dispatchEvent(
      Object.assign(new Event("error", { cancelable: true }), { message, filename: "w.js", lineno: 3 }),
    );
  }
}

const OPEN: Command = {
  type: "openModel",
  modelId: "nano",
  modelUrl: "/m/",
  modelSha256: null,
  judgeUrl: null,
  spritesUrl: "/s",
  wasmUrl: "/w/",
  weights: "f32",
  backend: "webgpu",
  fail: "crash",
};
const READY: WorkerEvent = {
  type: "modelReady",
  modelId: "nano",
  family: "showo",
  imageSide: 64,
  imageTokenCount: 64,
  parameterCount: 1,
};
const config = makeConfig();
const STARTED: WorkerEvent = {
  type: "runStarted",
  runId: "r1",
  preset: "robust",
  config,
  step: 0,
  history: [],
  changes: [],
  filmstrip: [],
};

function createStage() {
  const workers: FakeWorker[] = [];
  const heard: WorkerEvent[] = [];
  const client = createTrainClient(() => {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker as unknown as WorkerLike;
  });
  client.subscribe((event) => heard.push(event));
  const worker = (at: number) => {
    const found = workers[at];
    if (!found) throw new Error(`no worker ${at}`);
    return found;
  };
  return { client, workers, worker, heard };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("createTrainClient", () => {
  it("starts the worker with the first model and passes commands and events on", () => {
    const { client, workers, worker, heard } = createStage();
    expect(workers).toHaveLength(0);
    client.send(OPEN);
    client.send({ type: "play" });
    expect(worker(0).received).toEqual([OPEN, { type: "play" }]);
    worker(0).say(READY);
    expect(heard).toEqual([READY]);
  });

  it("reports an uncaught error once, as fatal, and ends the worker", () => {
    const { client, worker, heard } = createStage();
    client.send(OPEN);
    worker(0).throwUncaught("boom");
    worker(0).throwUncaught("again");
    expect(worker(0).isTerminated).toBe(true);
    expect(heard).toMatchObject([
      { type: "failed", isFatal: true, error: { code: "workerCrash", data: { file: "w.js", line: 3 } } },
      { type: "stateChanged", state: "failed" },
    ]);
    expect(heard[0]).toHaveProperty("error.message", expect.stringContaining("boom"));
  });

  it("restarts a dead worker, opens the model without the provoked failure and resumes the saved run", () => {
    const { client, worker } = createStage();
    client.send(OPEN);
    worker(0).say(READY);
    worker(0).say(STARTED);
    worker(0).say({ type: "checkpointSaved", runId: "r1", step: 2, savedAtMs: 1, sizeBytes: 1 });
    worker(0).throwUncaught("boom");
    client.send({ type: "reconnect", backend: "wasm" });
    expect(worker(1).received).toEqual([{ ...OPEN, backend: "wasm", fail: null }]);
    worker(1).say(READY);
    expect(worker(1).received.slice(1)).toEqual([{ type: "resumeRun", runId: "r1" }]);
  });

  it("starts an unsaved run again with its configuration", () => {
    const { client, worker } = createStage();
    client.send(OPEN);
    worker(0).say(READY);
    worker(0).say(STARTED);
    const changed = { ...config, temperature: 2 };
    worker(0).say({ type: "configChanged", step: 0, keys: ["temperature"], config: changed });
    worker(0).throwUncaught("boom");
    client.send({ type: "reconnect", backend: "auto" });
    worker(1).say(READY);
    expect(worker(1).received.slice(1)).toEqual([{ type: "startRun", preset: "robust", config: changed }]);
  });

  it("leaves reconnecting to a worker that is alive", () => {
    const { client, workers, worker } = createStage();
    client.send(OPEN);
    client.send({ type: "reconnect", backend: "auto" });
    expect(workers).toHaveLength(1);
    expect(worker(0).received.at(-1)).toEqual({ type: "reconnect", backend: "auto" });
  });

  it("takes a silent worker for dead, but not one that still beats", () => {
    const { client, worker, heard } = createStage();
    client.send(OPEN);
    worker(0).say({ type: "stepFinished", step: 1, metrics: {} });
    for (let beat = 0; beat < 20; beat++) {
      vi.advanceTimersByTime(2000);
      worker(0).say({ type: "heartbeatSent", step: 1 });
    }
    expect(heard.some((event) => event.type === "failed")).toBe(false);
    vi.advanceTimersByTime(12_000);
    expect(heard.filter((event) => event.type === "failed")).toHaveLength(1);
    expect(worker(0).isTerminated).toBe(true);
  });

  it("answers commands to a dead worker instead of dropping them", () => {
    const { client, worker, heard } = createStage();
    client.send(OPEN);
    worker(0).throwUncaught("boom");
    heard.length = 0;
    client.send({ type: "play" });
    expect(heard[0]).toMatchObject({ type: "failed", error: { code: "workerCrash", data: {} } });
    heard.length = 0;
    client.send({ type: "reportVisibility", isHidden: true });
    expect(heard).toEqual([]);
  });

  it("says nothing more once disposed", () => {
    const { client, worker, heard } = createStage();
    client.send(OPEN);
    client.dispose();
    worker(0).say(READY);
    expect(heard).toEqual([]);
    expect(worker(0).isTerminated).toBe(true);
  });
});
