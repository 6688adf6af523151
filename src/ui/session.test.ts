import { beforeEach, describe, expect, it, vi } from "vitest";
import { makeConfig } from "../engine/config.ts";
import { createFakeClient, FAKE_MODEL, type FakeClient, fakeRunStarted } from "./__fixtures__/fakeClient.ts";
import { parseAddress } from "./address.ts";
import { createSession, type LiveSession } from "./session.ts";
import { connectStores, createStores, type Stores } from "./stores/connectStores.ts";
import { createSettingsStore } from "./stores/settingsStore.ts";

const MANIFEST = {
  default: "tiny",
  models: [
    { id: "nano", title: "Nano", files: [], bytes: 10, sprites: "world/s.safetensors" },
    { id: "tiny", title: "Tiny", files: [], bytes: 20, sprites: "world/s.safetensors" },
  ],
};
const ROOT = "https://host/app/";

let client: FakeClient;
let stores: Stores;

function visit(query: string, manifest: unknown = MANIFEST): LiveSession {
  client = createFakeClient(() => undefined);
  stores = createStores(createSettingsStore("light", null));
  connectStores(client, stores, (commit) => commit());
  const address = parseAddress(ROOT + query);
  return createSession({ client, stores, address, rootUrl: ROOT, fetchJson: async () => manifest });
}

describe("session", () => {
  let session: LiveSession;
  beforeEach(() => {
    session = visit("");
  });

  it("opens the default model with absolute addresses", async () => {
    await session.open();
    expect(client.sent).toEqual([
      {
        type: "openModel",
        modelId: "tiny",
        modelUrl: "https://host/app/models/tiny/",
        modelSha256: null,
        judgeUrl: null,
        spritesUrl: "https://host/app/world/s.safetensors",
        wasmUrl: "https://host/app/wasm/",
        weights: "f32",
        backend: "auto",
        fail: null,
      },
    ]);
  });

  it("passes what the address asks for", async () => {
    await visit("?model=nano&weights=int4&backend=wasm&fail=crash").open();
    const asked = { modelId: "nano", weights: "int4", backend: "wasm", fail: "crash" };
    expect(client.sent[0]).toMatchObject(asked);
  });

  it("keeps to f32 where the address asks for no known format", async () => {
    await visit("#/train?weights=int3").open();
    expect(client.sent[0]).toMatchObject({ weights: "f32" });
    await visit("#/train?weights=int8").open();
    expect(client.sent[0]).toMatchObject({ weights: "int8" });
  });

  it("begins a run when nothing is kept", async () => {
    await session.open();
    client.emit(FAKE_MODEL);
    expect(client.sent[1]).toMatchObject({ type: "startRun", preset: "robust" });
  });

  it("waits for a choice when a run is kept", async () => {
    await session.open();
    client.emit({
      type: "resumeOffered",
      runId: "old",
      step: 3,
      savedAtMs: 0,
      rewardMean: null,
      sizeBytes: 1,
    });
    client.emit(FAKE_MODEL);
    expect(client.sent).toHaveLength(1);
    session.resumeRun();
    expect(client.sent[1]).toEqual({ type: "resumeRun", runId: "old" });
  });

  it("begins the run that was asked for while another one warms up, once", async () => {
    await session.open();
    client.emit(FAKE_MODEL);
    client.emit({ type: "shadersCompiled", compiled: 3, total: 96 });
    session.play({ preset: "robust", config: makeConfig("robust", { groupSize: 4 }) });
    expect(client.sent).toHaveLength(2);
    client.emit(fakeRunStarted(0));
    expect(client.sent.slice(2)).toMatchObject([
      { type: "startRun", config: { groupSize: 4 } },
      { type: "play" },
    ]);
    client.emit(fakeRunStarted(0));
    expect(client.sent).toHaveLength(4);
  });

  it("leaves the run's return to the worker after a reconnection", async () => {
    await session.open();
    client.emit(FAKE_MODEL);
    client.emit(fakeRunStarted(5));
    const error = { code: "deviceLost" as const, message: "gone", data: {} };
    client.emit({ type: "failed", error, isFatal: true, step: 5 });
    session.reconnect("webgpu");
    client.emit(FAKE_MODEL);
    expect(client.sent.map(({ type }) => type)).toEqual(["openModel", "startRun", "reconnect"]);
    expect(stores.run.getState().failure).toBeNull();
  });

  it("opens anew on another backend when no model was ever opened", async () => {
    await session.open();
    const error = { code: "noWebGpu" as const, message: "none", data: {} };
    client.emit({ type: "failed", error, isFatal: false, step: null });
    session.reconnect("wasm");
    await Promise.resolve();
    await expect.poll(() => client.sent.at(-1)).toMatchObject({ type: "openModel", backend: "wasm" });
  });

  it("names the models there are when the address asks for another", async () => {
    await visit("?model=huge").open();
    const { failure } = stores.run.getState();
    expect(failure?.error.code).toBe("modelMissing");
    expect(failure?.error.message).toContain("nano, tiny");
    expect(client.sent).toHaveLength(0);
  });

  it("shows a damaged list of models as a failure", async () => {
    await visit("", { models: [] }).open();
    expect(stores.run.getState().failure?.error.code).toBe("fileCorrupt");
  });

  it("sends changes of settings at once, gathers those that follow, and none goes after a later command", () => {
    vi.useFakeTimers();
    const change = (changes: Record<string, number>) => session.send({ type: "changeConfig", changes });
    change({ learningRate: 1e-3 });
    expect(client.sent).toEqual([{ type: "changeConfig", changes: { learningRate: 1e-3 } }]);
    change({ learningRate: 2e-3 });
    change({ groupSize: 4 });
    change({ learningRate: 3e-3 });
    expect(client.sent).toHaveLength(1);
    session.send({ type: "stepOnce" });
    expect(client.sent.slice(1)).toEqual([
      { type: "changeConfig", changes: { learningRate: 3e-3, groupSize: 4 } },
      { type: "stepOnce" },
    ]);
    change({ groupSize: 8 });
    expect(client.sent).toHaveLength(3);
    vi.advanceTimersByTime(200);
    expect(client.sent.at(-1)).toEqual({ type: "changeConfig", changes: { groupSize: 8 } });
    vi.advanceTimersByTime(1000);
    expect(client.sent).toHaveLength(4);
    vi.useRealTimers();
  });

  it("keeps a resting worker resting when a half-done step is dropped", async () => {
    stores.run.setState({ state: "paused", activeStep: 4 });
    session.stop();
    expect(stores.run.getState()).toMatchObject({ state: "paused", activeStep: null });
  });
});
