import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { EngineErrorCode } from "../engine/errors.ts";
import type { Command } from "../protocol/commands.ts";
import type { RunState, WorkerEvent } from "../protocol/events.ts";
import { createPacedClient, HOLD_MS, type PacedClient } from "./pacedClient.ts";

let asked: string[];
let shown: WorkerEvent[];
let tell: (event: WorkerEvent) => void;
let client: PacedClient;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  shown = [];
  client = createPacedClient({
    send: (command: Command) => asked.push(command.type),
    subscribe: (listener) => {
      tell = listener;
      return () => undefined;
    },
    dispose: () => undefined,
  });
  client.subscribe((event) => shown.push(event));
});

afterEach(() => {
  client.dispose();
  vi.useRealTimers();
});

const become = (state: RunState) => tell({ type: "stateChanged", state });
const states = () => shown.flatMap((event) => (event.type === "stateChanged" ? [event.state] : []));
function fail(code: EngineErrorCode): void {
  tell({ type: "failed", error: { code, message: "m", data: {} }, isFatal: false, step: 3 });
}
/** The worker has run the phase it was asked for. */
function runPhase(): void {
  become("running");
  become("paused");
}

describe("slow motion", () => {
  it("asks for one phase after another, holding each, and shows one run that plays", () => {
    client.setSpeed("slow");
    client.send({ type: "play" });
    expect(asked).toEqual(["stepPhase"]);
    runPhase();
    vi.advanceTimersByTime(HOLD_MS - 1);
    expect(asked).toEqual(["stepPhase"]);
    vi.advanceTimersByTime(1);
    expect(asked).toEqual(["stepPhase", "stepPhase"]);
    runPhase();
    expect(new Set(states())).toEqual(new Set(["running"]));
  });

  it("rests at once when paused between two phases, and at the phase's end when paused in one", () => {
    client.setSpeed("slow");
    client.send({ type: "play" });
    runPhase();
    client.send({ type: "pause" });
    expect(asked).toEqual(["stepPhase"]);
    expect(states().at(-1)).toBe("paused");
    vi.advanceTimersByTime(2 * HOLD_MS);
    expect(asked).toEqual(["stepPhase"]);
    client.send({ type: "play" });
    become("running");
    client.send({ type: "pause" });
    expect(asked).toEqual(["stepPhase", "stepPhase", "pause"]);
    become("paused");
    vi.advanceTimersByTime(2 * HOLD_MS);
    expect(asked).toHaveLength(3);
    expect(states().at(-1)).toBe("paused");
  });

  it("changes speed in the middle: into it at the next phase, out of it without waiting", () => {
    client.send({ type: "play" });
    become("running");
    client.setSpeed("slow");
    expect(asked).toEqual(["play", "stepPhase"]);
    become("paused");
    client.setSpeed("normal");
    expect(asked).toEqual(["play", "stepPhase", "play"]);
    vi.advanceTimersByTime(2 * HOLD_MS);
    expect(asked).toHaveLength(3);
  });

  it("ends when something else is asked for, and lets settings and saving through", () => {
    client.setSpeed("slow");
    client.send({ type: "play" });
    runPhase();
    client.send({ type: "changeConfig", changes: { temperature: 2 } });
    vi.advanceTimersByTime(HOLD_MS);
    expect(asked).toEqual(["stepPhase", "changeConfig", "stepPhase"]);
    runPhase();
    client.send({ type: "stop" });
    expect(states().at(-1)).toBe("paused");
    vi.advanceTimersByTime(2 * HOLD_MS);
    expect(asked.slice(3)).toEqual(["stop"]);
  });

  it("does not try a failed step again and again, but goes on when only saving failed", () => {
    client.setSpeed("slow");
    client.send({ type: "play" });
    become("running");
    fail("storageFull");
    become("paused");
    vi.advanceTimersByTime(HOLD_MS);
    expect(asked).toEqual(["stepPhase", "stepPhase"]);
    become("running");
    fail("nonFinite");
    become("paused");
    vi.advanceTimersByTime(2 * HOLD_MS);
    expect(asked).toHaveLength(2);
    expect(states().at(-1)).toBe("paused");
  });
});

it("plays as asked at normal speed, and tells all", () => {
  client.send({ type: "play" });
  become("running");
  tell({ type: "phaseStarted", step: 1, phase: "sample" });
  become("paused");
  expect(asked).toEqual(["play"]);
  expect(shown.map(({ type }) => type)).toEqual(["stateChanged", "phaseStarted", "stateChanged"]);
});

it("leaves out how a step comes to be at the highest speed", () => {
  client.setSpeed("max");
  client.send({ type: "play" });
  tell({ type: "phaseStarted", step: 1, phase: "sample" });
  tell({ type: "drawProgressed", step: 1, decodeStep: 1, decodeSteps: 2, decided: [] });
  tell({ type: "stepFinished", step: 1, metrics: {} });
  expect(asked).toEqual(["play"]);
  expect(shown.map(({ type }) => type)).toEqual(["stepFinished"]);
});
