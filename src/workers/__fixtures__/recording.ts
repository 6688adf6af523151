/** A made-up recording of a few steps, with events of the right shape and round times. */
import { makeConfig } from "../../engine/config.ts";
import type { RecordingReader } from "../../formats/recordingFile.ts";
import { PHASES, type WorkerEvent } from "../../protocol/events.ts";
import type { RecordingHeader, TimedEvent } from "../../protocol/recording.ts";

export const CONFIG = makeConfig("robust", { groupSize: 2, promptsPerStep: 1, filmstripEvery: 2 });
const PIXEL = { width: 1, height: 1, rgb: Uint8Array.from([1, 2, 3]) };

export function describeFake(steps: number, id = "counting"): RecordingHeader {
  return {
    id,
    title: id,
    lesson: id,
    modelId: "showo-tiny",
    preset: "robust",
    config: CONFIG,
    steps,
    command: "npx unirl record",
  };
}

const film = (step: number): WorkerEvent => ({
  type: "filmstripDrawn",
  step,
  row: 0,
  prompt: "two apples",
  seed: "f",
  image: PIXEL,
});

function drawn(step: number): WorkerEvent {
  const what = { tag: "counting", prompt: "two apples", question: "how many?", gold: "two" };
  return { type: "groupDrawn", step, group: 0, ...what, images: [PIXEL, PIXEL], seeds: ["a", "b"] };
}

/** What each phase of a step ends with. */
const results = (step: number): readonly WorkerEvent[] => [
  drawn(step),
  {
    type: "groupJudged",
    step,
    group: 0,
    answers: ["two", "one"],
    probabilities: [0.9, 0.8],
    rewards: [1, 0],
    parts: [[], []],
  },
  { type: "groupScored", step, group: 0, advantages: [1, -1], isDead: false },
  { type: "stepFinished", step, metrics: { rewardMean: step / 10 } },
];

/** The beginning of a run, then each step: its phases take 1, 2, 3 and 4 seconds. */
export function fakeBlocks(steps: number, runId = "run"): TimedEvent[][] {
  const start: TimedEvent[] = [
    {
      atMs: 0,
      event: {
        type: "runStarted",
        runId,
        preset: "robust",
        config: CONFIG,
        step: 0,
        history: [],
        changes: [],
        filmstrip: [],
      },
    },
    { atMs: 500, event: film(0) },
  ];
  const blocks = Array.from({ length: steps }, (_, index) => {
    const step = index + 1;
    const base = index * 10_000 + 1000;
    const phase = (at: number): WorkerEvent => ({
      type: "phaseStarted",
      step,
      phase: PHASES[at] ?? "learn",
    });
    const endsMs = [1000, 3000, 6000, 10_000];
    const phases = results(step).flatMap((event, at): TimedEvent[] => {
      const atMs = base + (endsMs[at] ?? 0);
      return at < 3
        ? [
            { atMs, event },
            { atMs, event: phase(at + 1) },
          ]
        : [{ atMs, event }];
    });
    return [
      { atMs: base, event: { type: "stepStarted", step, groups: 1, groupSize: 2 } } as TimedEvent,
      { atMs: base, event: phase(0) },
      ...phases,
      ...(step % 2 === 0 ? [{ atMs: base + 10_000, event: film(step) }] : []),
    ];
  });
  return [start, ...blocks];
}

/** A reader of blocks; with `gate`, a block arrives when its promise resolves. */
export function fakeReader(
  blocks: readonly TimedEvent[][],
  { id = "counting", gate }: { id?: string; gate?: (at: number) => Promise<void> } = {},
): () => Promise<RecordingReader> {
  return async () => ({
    header: describeFake(blocks.length - 1, id),
    steps: (async function* () {
      for (const [at, block] of blocks.entries()) {
        await gate?.(at);
        yield block;
      }
    })(),
  });
}
