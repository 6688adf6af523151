/** Made-up runs, and samples of them, for the arena: no model, only events of the right shape. */
import { makeConfig } from "../../engine/config.ts";
import type { Command } from "../../protocol/commands.ts";
import type { EventOf, RunSummary } from "../../protocol/events.ts";
import type { FakeClient } from "./fakeClient.ts";
import { paint } from "./paint.ts";

const FAKE_RUN: RunSummary = {
  runId: "run-1",
  title: null,
  isPinned: false,
  isOpen: true,
  preset: "robust",
  config: makeConfig("robust", { promptKind: "counting", learningRate: 3e-4 }),
  step: 87,
  createdAtMs: Date.parse("2026-11-23T11:04:00"),
  savedAtMs: Date.parse("2026-11-23T12:04:00"),
  rewardMean: 0.64,
  sizeBytes: 2.1e6,
};

export const FAKE_RUNS: readonly RunSummary[] = [
  FAKE_RUN,
  {
    ...FAKE_RUN,
    runId: "run-2",
    title: "Counts to three",
    isPinned: true,
    isOpen: false,
    config: makeConfig("robust", { promptKind: "counting", klImage: 0, groupSize: 16 }),
    step: 240,
    rewardMean: 0.81,
  },
];

type DrawSamples = Extract<Command, { type: "drawSamples" }>;

/** A sample of each source of a command: better painted where it is trained. */
export function fakeSamples({ jobId, sources, seed }: DrawSamples): EventOf<"sampleDrawn">[] {
  return sources.map((source, at) => {
    const run = source.of === "run" ? FAKE_RUNS.find(({ runId }) => runId === source.runId) : null;
    const step = run?.step ?? 0;
    return {
      type: "sampleDrawn",
      jobId,
      source: at,
      step,
      image: paint(
        step > 0 ? 3 : 2,
        0,
        step > 0 ? 0.95 : 0.4,
        [...seed].reduce((sum, c) => sum + c.charCodeAt(0), 7),
      ),
      question: "how many apples are there?",
      answer: step > 0 ? "three" : "two",
      probability: step > 0 ? 0.92 : 0.31,
    };
  });
}

const SAMPLE_MS = 400;

/** The arena's job: each picture takes a moment; it ends when asked to. */
export function drawFakeSamples(command: DrawSamples, client: FakeClient): void {
  const { jobId, sources } = command;
  client.emit({ type: "jobStarted", jobId, total: sources.length, done: 0, judge: null, header: null });
  const isEnded = () => client.sent.some((sent) => sent.type === "endJob" && sent.jobId === jobId);
  const samples = fakeSamples(command);
  const goOn = () => {
    const sample = isEnded() ? undefined : samples.shift();
    if (sample) client.emit(sample);
    if (sample && samples.length > 0) setTimeout(goOn, SAMPLE_MS);
    else client.emit({ type: "jobEnded", jobId, outcome: sample ? "finished" : "stopped" });
  };
  setTimeout(goOn, SAMPLE_MS);
}
