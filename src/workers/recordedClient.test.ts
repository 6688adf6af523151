import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EngineError } from "../engine/errors.ts";
import { type EventOf, eventSchema, type WorkerEvent, type WorkerEventType } from "../protocol/events.ts";
import { fakeBlocks, fakeReader } from "./__fixtures__/recording.ts";
import { createRecordedClient, type Playback, type RecordedClient } from "./recordedClient.ts";
import { LOOP_REST_MS, PACE } from "./timeline.ts";

/** A step, and the least delay of the timer that begins it. */
const STEP_MS = Object.values(PACE.normal).reduce((sum, ms) => sum + ms, 1);

let events: WorkerEvent[];
let playback: Playback;
let client: RecordedClient;

beforeEach(() => {
  vi.useFakeTimers();
  events = [];
  client = createRecordedClient((shown) => {
    playback = shown;
  });
  client.subscribe((event) => events.push(eventSchema.parse(event)));
});

afterEach(() => {
  client.dispose();
  vi.useRealTimers();
});

const of = <T extends WorkerEventType>(type: T) =>
  events.filter((event): event is EventOf<T> => event.type === type);
const state = () => of("stateChanged").at(-1)?.state;
const finished = () => of("stepFinished").map(({ step }) => step);
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const openRun = (steps = 3, isPlaying = true, step = 0) =>
  client.open(fakeReader(fakeBlocks(steps)), { step, isPlaying });

describe("a recorded run", () => {
  it("plays at the pace of a viewer, and rests at its end", async () => {
    await openRun();
    expect(playback).toMatchObject({ loadedSteps: 3, header: { id: "counting", steps: 3 } });
    expect(of("runStarted")).toMatchObject([{ step: 0, history: [], filmstrip: [{ step: 0 }] }]);
    expect(state()).toBe("running");
    await pass(PACE.normal.sample - 1);
    expect(of("groupDrawn")).toHaveLength(0);
    await pass(1);
    expect(of("groupDrawn")).toHaveLength(1);
    await pass(STEP_MS - PACE.normal.sample);
    expect(finished()).toEqual([1]);
    await pass(2 * STEP_MS);
    expect(finished()).toEqual([1, 2, 3]);
    expect(of("filmstripDrawn").map(({ step }) => step)).toEqual([2]);
    expect(state()).toBe("paused");
    client.send({ type: "play" });
    expect(of("runStarted").at(-1)).toMatchObject({ step: 0, history: [] });
    await pass(STEP_MS);
    expect(finished()).toEqual([1, 2, 3, 1]);
  });

  it("pauses at once and goes on with the next event", async () => {
    await openRun();
    await pass(PACE.normal.sample);
    client.send({ type: "pause" });
    expect(state()).toBe("paused");
    await pass(60_000);
    expect(of("groupJudged")).toHaveLength(0);
    client.send({ type: "play" });
    await pass(PACE.normal.judge);
    expect(of("groupJudged")).toHaveLength(1);
  });

  it("steps by a phase and by a step", async () => {
    await openRun(3, false);
    expect(state()).toBe("paused");
    client.send({ type: "stepPhase" });
    await pass(60_000);
    expect(of("phaseStarted").map(({ phase }) => phase)).toEqual(["sample", "judge"]);
    client.send({ type: "stepOnce" });
    await pass(60_000);
    expect(finished()).toEqual([1]);
    client.send({ type: "stepOnce" });
    await pass(60_000);
    expect(finished()).toEqual([1, 2]);
    expect(of("filmstripDrawn").at(-1)?.step).toBe(2);
    expect(state()).toBe("paused");
  });

  it("goes to a step: curves and filmstrip up to it, and its group", async () => {
    await openRun(3, false);
    events.length = 0;
    client.seek(2);
    expect(of("runStarted")).toMatchObject([
      { step: 2, history: [{ rewardMean: 0.1 }, { rewardMean: 0.2 }], filmstrip: [{ step: 0 }, { step: 2 }] },
    ]);
    expect(of("groupScored")).toMatchObject([{ step: 2 }]);
    expect(of("filmstripDrawn")).toHaveLength(0);
    expect(of("stateChanged")).toHaveLength(0);
    client.send({ type: "stepOnce" });
    await pass(60_000);
    expect(finished().at(-1)).toBe(3);
    client.seek(99);
    expect(of("runStarted").at(-1)?.step).toBe(3);
    client.seek(-5);
    expect(of("runStarted").at(-1)?.step).toBe(0);
  });

  it("goes on playing from where it was put, at another speed too", async () => {
    await openRun();
    client.seek(1);
    client.setSpeed("max");
    await pass(Object.values(PACE.max).reduce((sum, ms) => sum + ms, 0));
    expect(finished()).toEqual([1, 2]);
    expect(state()).toBe("running");
  });

  it("drops the step at work when stopped, and begins again when reset", async () => {
    await openRun();
    await pass(STEP_MS + PACE.normal.sample);
    client.send({ type: "stop" });
    expect(state()).toBe("paused");
    expect(of("runStarted").at(-1)?.step).toBe(1);
    client.send({ type: "reset" });
    expect(of("runStarted").at(-1)?.step).toBe(0);
    expect(state()).toBe("paused");
  });

  it("begins again after a rest when it is looped", async () => {
    client.setLooped(true);
    await openRun(1);
    await pass(STEP_MS + LOOP_REST_MS);
    expect(of("runStarted").map(({ step }) => step)).toEqual([0, 0]);
    await pass(STEP_MS);
    expect(finished()).toEqual([1, 1]);
  });

  it("opens at a step, and waits for what has not arrived", async () => {
    const waiting: (() => void)[] = [];
    const gate = (at: number) => (at < 2 ? Promise.resolve() : new Promise<void>((go) => waiting.push(go)));
    void client.open(fakeReader(fakeBlocks(3), { gate }), { step: 1, isPlaying: true });
    await pass(0);
    expect(of("runStarted")).toMatchObject([{ step: 1 }]);
    await pass(60_000);
    expect(finished()).toEqual([1]);
    waiting.shift()?.();
    await pass(STEP_MS);
    expect(finished()).toEqual([1, 2]);
    waiting.shift()?.();
    await pass(STEP_MS);
    expect(finished()).toEqual([1, 2, 3]);
    expect(state()).toBe("paused");
  });

  it("shows the newest recording asked for", async () => {
    let arrive: () => void = () => undefined;
    const gate = () => new Promise<void>((resolve) => (arrive = resolve));
    const first = client.open(fakeReader(fakeBlocks(2, "old"), { gate }), { step: 0, isPlaying: true });
    await pass(0);
    await client.open(fakeReader(fakeBlocks(2, "new"), { id: "group-of-two" }), { step: 0, isPlaying: true });
    arrive();
    await first;
    expect(of("runStarted").map(({ runId }) => runId)).toEqual(["new"]);
    expect(playback.header?.id).toBe("group-of-two");
  });

  it("says what it cannot read and what it cannot do", async () => {
    const refuse = () => Promise.reject(new EngineError("fileCorrupt", "damaged"));
    await client.open(refuse, { step: 0, isPlaying: true });
    expect(of("failed")).toMatchObject([{ error: { code: "fileCorrupt" } }]);
    await openRun(1, false);
    client.send({ type: "saveCheckpoint" });
    expect(of("failed").at(-1)).toMatchObject({ isFatal: false, error: { code: "badInput" } });
  });

  it("tells what happened in a step, without going there", async () => {
    await openRun(3, false, 2);
    const before = events.length;
    const finishedIn = (step: number) =>
      client.eventsOf(step).flatMap((event) => (event.type === "stepFinished" ? [event.step] : []));
    expect([0, 1, 3, 4].map(finishedIn)).toEqual([[], [1], [3], []]);
    expect(events).toHaveLength(before);
  });
});
