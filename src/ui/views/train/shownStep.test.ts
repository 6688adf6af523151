import { expect, it } from "vitest";
import type { WorkerEvent } from "../../../protocol/events.ts";
import { createFakeClient } from "../../__fixtures__/fakeClient.ts";
import { replayStep } from "./shownStep.ts";

it("puts a step together again from what happened in it", () => {
  const events: WorkerEvent[] = [];
  const client = createFakeClient(() => undefined);
  client.subscribe((event) => events.push(event));
  client.playTo(7, 4, 8);
  const step = replayStep(events);
  expect([step?.step, step?.groups.length]).toEqual([7, 4]);
  expect(step?.groups.every((group) => group?.scored?.advantages.length === 8)).toBe(true);
});

it("is nothing for a step that was never finished", () => {
  const events: WorkerEvent[] = [];
  const client = createFakeClient(() => undefined);
  client.subscribe((event) => events.push(event));
  client.playTo(7, 2, 8);
  expect(replayStep(events)).toBeNull();
  expect(replayStep([])).toBeNull();
});
