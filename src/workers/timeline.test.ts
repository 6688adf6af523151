import { describe, expect, it } from "vitest";
import type { TimedEvent } from "../protocol/recording.ts";
import { fakeBlocks } from "./__fixtures__/recording.ts";
import { PACE, paceEvents } from "./timeline.ts";

const [start = [], step = []] = fakeBlocks(1);
const { sample, judge, score, learn } = PACE.normal;

describe("paceEvents", () => {
  it("gives every phase its time, and what it brings comes at its end", () => {
    expect(step.map(({ event }) => event.type)).toEqual([
      ...["stepStarted", "phaseStarted", "groupDrawn", "phaseStarted", "groupJudged", "phaseStarted"],
      ...["groupScored", "phaseStarted", "stepFinished"],
    ]);
    const ends = [sample, sample + judge, sample + judge + score, sample + judge + score + learn];
    expect(paceEvents(step, "normal")).toEqual([
      ...[0, 0, ends[0], ends[0], ends[1], ends[1], ends[2], ends[2], ends[3]],
    ]);
  });

  it("keeps the spacing of events within a phase", () => {
    const draw = (atMs: number): TimedEvent => ({
      atMs,
      event: { type: "drawProgressed", step: 1, decodeStep: 1, decodeSteps: 4, decided: [] },
    });
    const [first, second, ...rest] = step;
    if (!first || !second) throw new Error("The step is too short.");
    const times = paceEvents([first, second, draw(1250), draw(1500), ...rest], "slow");
    expect(times.slice(0, 5)).toEqual([0, 0, PACE.slow.sample / 4, PACE.slow.sample / 2, PACE.slow.sample]);
  });

  it("shows the beginning of a run at once", () => {
    expect(paceEvents(start, "slow")).toEqual([0, 0]);
    expect(paceEvents([], "slow")).toEqual([]);
  });
});
