import { describe, expect, it } from "vitest";
import { makeConfig } from "../engine/config.ts";
import type { WorkerEvent } from "../protocol/events.ts";
import type { RecordingHeader, TimedEvent } from "../protocol/recording.ts";
import { packRecording, readRecording } from "./recordingFile.ts";

const HEADER: RecordingHeader = {
  id: "counting",
  title: "Counting",
  lesson: "counting",
  modelId: "nano",
  preset: "robust",
  config: makeConfig("robust", { learningRate: 0.000123456 }),
  steps: 2,
  command: "npx unirl record",
};

const picture = (value: number) => ({ width: 2, height: 1, rgb: Uint8Array.from([value, 0, 0, 9, 9, 9]) });

function eventsOfStep(step: number): WorkerEvent[] {
  return [
    { type: "stepStarted", step, groups: 1, groupSize: 2 },
    {
      type: "drawProgressed",
      step,
      decodeStep: 1,
      decodeSteps: 2,
      decided: [Uint8Array.from([1, 0, 0, 0, 0, 0, 0, 1, 1]), new Uint8Array(9)],
    },
    {
      type: "groupDrawn",
      step,
      group: 0,
      tag: "counting",
      prompt: "two apples",
      question: "how many?",
      gold: "two",
      images: [picture(100 * step), picture(7)],
      seeds: ["a", "b"],
    },
    { type: "stepFinished", step, metrics: { rewardMean: 0.123456789, stepSeconds: 12 } },
    { type: "filmstripDrawn", step, row: 0, prompt: "two apples", seed: "f", image: picture(50) },
  ];
}

const RUN: TimedEvent[] = [
  {
    atMs: 0,
    event: {
      type: "runStarted",
      runId: "r",
      preset: "robust",
      config: HEADER.config,
      step: 0,
      history: [],
      changes: [],
      filmstrip: [],
    },
  },
  ...[1, 2].flatMap((step) => eventsOfStep(step).map((event, at) => ({ atMs: step * 1000 + at, event }))),
];

const streamOf = (bytes: Uint8Array<ArrayBuffer>) => new Blob([bytes]).stream();

async function readAll(bytes: Uint8Array<ArrayBuffer>) {
  const { header, steps } = await readRecording(streamOf(bytes));
  const events: TimedEvent[][] = [];
  for await (const step of steps) events.push(step);
  return { header, steps: events };
}

describe("a recording", () => {
  it("comes back as it was written, a step at a time, numbers to five digits", async () => {
    const { header, steps } = await readAll(await packRecording(HEADER, RUN, 0));
    expect(header).toEqual(HEADER);
    expect(steps.map((step) => step.length)).toEqual([1, 5, 5]);
    const expected = structuredClone(RUN);
    for (const { event } of expected) {
      if (event.type === "stepFinished") event.metrics.rewardMean = 0.12346;
    }
    expect(steps.flat()).toEqual(expected);
  });

  it("gives its first steps while the last ones have not arrived", async () => {
    const bytes = await packRecording(HEADER, RUN, 0);
    let feed: ReadableStreamDefaultController<Uint8Array> | null = null;
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        feed = controller;
      },
    });
    const enqueue = (from: number, to: number) => feed?.enqueue(bytes.slice(from, to));
    enqueue(0, bytes.length - 8);
    const { steps } = await readRecording(stream);
    expect((await steps.next()).value?.[0]?.event.type).toBe("runStarted");
    expect((await steps.next()).value?.[0]?.event).toMatchObject({ type: "stepStarted", step: 1 });
    enqueue(bytes.length - 8, bytes.length);
    expect((await steps.next()).value?.[0]?.event).toMatchObject({ type: "stepStarted", step: 2 });
    expect((await steps.next()).done).toBe(true);
  });

  it("is refused when it is cut short, damaged, something else, or newer than the page", async () => {
    const bytes = await packRecording(HEADER, RUN, 0);
    await expect(readAll(bytes.slice(0, -6))).rejects.toMatchObject({ code: "fileCorrupt" });
    await expect(readAll(bytes.slice(0, -4))).rejects.toThrow("ends too early");
    for (const at of [20, bytes.length >> 1, bytes.length - 10]) {
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 0xff;
      await expect(readAll(damaged)).rejects.toMatchObject({ code: "fileCorrupt" });
    }
    const page = new TextEncoder().encode("<!doctype html><title>Not here</title>");
    await expect(readAll(page)).rejects.toThrow("no recording");
    const newer = bytes.slice();
    newer[8] = 2;
    await expect(readAll(newer)).rejects.toMatchObject({ code: "fileTooNew", data: { version: 2 } });
  });

  it("is refused when a block holds what is no event", async () => {
    const stranger = { atMs: 1, event: { type: "stepStarted", step: "one" } as unknown as WorkerEvent };
    await expect(readAll(await packRecording(HEADER, [stranger], 0))).rejects.toThrow("nobody knows");
  });
});
