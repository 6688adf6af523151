import { beforeEach, describe, expect, it } from "vitest";
import { makeConfig } from "../../engine/config.ts";
import type { WorkerEvent } from "../../protocol/events.ts";
import {
  createFakeClient,
  FAKE_BACKEND,
  FAKE_MODEL,
  type FakeClient,
  fakeRunStarted,
} from "../__fixtures__/fakeClient.ts";
import { connectStores, createStores, type Stores } from "./connectStores.ts";
import { abandonStep, lastDrawnGroup, stepAway } from "./galleryStore.ts";
import { createSettingsStore } from "./settingsStore.ts";
import { sumCosts } from "./stepCost.ts";

let client: FakeClient;
let stores: Stores;
let frames: (() => void)[];

const nextFrame = () => {
  for (const commit of frames.splice(0)) commit();
};

beforeEach(() => {
  client = createFakeClient(() => undefined);
  stores = createStores(createSettingsStore("light", null));
  frames = [];
  connectStores(client, stores, (commit) => frames.push(commit));
});

describe("connectStores", () => {
  it("commits a burst of events once per frame and store", () => {
    let commits = 0;
    stores.gallery.subscribe(() => commits++);
    client.emit(fakeRunStarted(0));
    client.playTo(1, 4, 8);
    expect(commits).toBe(0);
    expect(frames.length).toBe(1);
    nextFrame();
    expect(commits).toBe(1);
    expect(stores.gallery.getState().finished?.groups.length).toBe(4);
  });

  it("leaves a store untouched when no event concerns it", () => {
    let commits = 0;
    stores.device.subscribe(() => commits++);
    client.emit(fakeRunStarted(3));
    nextFrame();
    expect(commits).toBe(0);
  });

  it("follows a model from its download to a run", () => {
    const progress = { type: "modelProgressed", stage: "download", loadedBytes: 1, totalBytes: 4 } as const;
    client.emit(FAKE_BACKEND);
    client.emit({ ...progress, file: "a" });
    client.emit({ ...progress, file: "a", loadedBytes: 4 });
    client.emit({ ...progress, file: "b" });
    nextFrame();
    expect(stores.run.getState().files.map(({ file, loadedBytes }) => [file, loadedBytes])).toEqual([
      ["a", 4],
      ["b", 1],
    ]);
    client.emit(FAKE_MODEL);
    client.emit({ type: "shadersCompiled", compiled: 3, total: 96 });
    nextFrame();
    expect(stores.run.getState()).toMatchObject({
      opening: "warmUp",
      shaders: { compiled: 3, total: 96 },
    });
    client.emit(fakeRunStarted(7));
    nextFrame();
    expect(stores.run.getState()).toMatchObject({
      opening: "ready",
      state: "paused",
      step: 7,
      runId: "run-1",
    });
    expect(Array.from(stores.metrics.getState().columns.steps())).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it("tells what the last step asked of the GPU, and nothing where it asked nothing", () => {
    const finish = (metrics: Record<string, number>) => {
      client.emit({ type: "stepFinished", step: 1, metrics });
      nextFrame();
      return stores.device.getState().costs;
    };
    const draw = { "gpu/draw/dispatches": 5, "gpu/draw/busyMs": 2 };
    const costs = finish({ rewardMean: 1, ...draw, "gpu/learn/dispatches": 7 });
    expect(costs).toEqual([
      { phase: "draw", counts: { dispatches: 5, busyMs: 2 } },
      { phase: "learn", counts: { dispatches: 7 } },
    ]);
    expect(sumCosts(costs, "dispatches")).toBe(12);
    expect(sumCosts(finish({ rewardMean: 1 }), "dispatches")).toBeNull();
  });

  it("drops a draft when the run has taken it over", () => {
    stores.settings.setState({ draft: { temperature: 2, loraRank: 8 } });
    client.emit({
      type: "configChanged",
      step: 3,
      keys: ["temperature"],
      config: makeConfig("robust", { temperature: 2 }),
    });
    nextFrame();
    expect(stores.settings.getState().draft).toEqual({ loraRank: 8 });
    expect(stores.run.getState().config?.temperature).toBe(2);
    expect(stores.metrics.getState().marks).toEqual([{ step: 3, keys: ["temperature"] }]);
  });
});

describe("gallery", () => {
  it("shows the last finished step again after a fatal failure in the middle of the next", () => {
    client.playTo(1, 4, 8);
    client.playTo(2, 0, 3);
    nextFrame();
    expect(stores.gallery.getState().current?.step).toBe(2);
    const error = { code: "deviceLost" as const, message: "gone", data: {} };
    client.emit({ type: "failed", error, isFatal: true, step: 2 });
    nextFrame();
    expect(stores.gallery.getState().current?.step).toBe(1);
    expect(stores.run.getState()).toMatchObject({ state: "failed", activeStep: null });
  });

  it("ignores groups of an abandoned step", () => {
    client.playTo(1, 4, 8);
    client.playTo(2, 0, 3);
    nextFrame();
    stores.gallery.setState(abandonStep(stores.gallery.getState()), true);
    const late: WorkerEvent = { type: "groupScored", step: 2, group: 0, advantages: [9], isDead: false };
    client.emit(late);
    nextFrame();
    expect(stores.gallery.getState().current?.groups[0]?.scored?.advantages).toHaveLength(8);
  });

  it("finds the group last drawn while the next one is at work", () => {
    expect(lastDrawnGroup(stores.gallery.getState())).toBeNull();
    client.playTo(1, 4, 8);
    client.playTo(2, 0, 3);
    nextFrame();
    expect(lastDrawnGroup(stores.gallery.getState())?.step.step).toBe(1);
    client.playTo(2, 1, 8);
    nextFrame();
    const drawn = lastDrawnGroup({ ...stores.gallery.getState(), selectedGroup: 99 });
    expect([drawn?.step.step, drawn?.group.drawn.group]).toEqual([2, 3]);
  });

  it("walks from step to step and follows the newest at the end", () => {
    expect(stepAway(10, null, -1)).toBe(9);
    expect(stepAway(10, 5, -10)).toBe(0);
    expect(stepAway(10, 5, 1)).toBe(6);
    expect(stepAway(10, 9, 1)).toBeNull();
    // The run was rolled back meanwhile.
    expect(stepAway(4, 9, -1)).toBe(3);
  });

  it("keeps the groups of finished steps, and what is pinned when a run starts", () => {
    client.playTo(1, 4, 8);
    client.playTo(2, 4, 8);
    nextFrame();
    expect(stores.gallery.getState().past.map(({ step }) => step)).toEqual([1, 2]);
    stores.gallery.setState({ pinnedStep: 1, isSwiped: true, selectedStep: 1 });
    client.emit(fakeRunStarted(0));
    nextFrame();
    expect(stores.gallery.getState()).toMatchObject({
      past: [],
      pinnedStep: 1,
      isSwiped: true,
      selectedStep: null,
    });
  });
});

describe("run", () => {
  it("keeps a storage notice when a run starts, and clears other failures", () => {
    for (const code of ["storageUnavailable", "nonFinite"] as const) {
      client.emit({ type: "failed", error: { code, message: "m", data: {} }, isFatal: false, step: null });
      client.emit(fakeRunStarted(0));
      nextFrame();
      expect(stores.run.getState().failure?.error.code ?? null).toBe(code === "nonFinite" ? null : code);
    }
  });
});
