import { describe, expect, it } from "vitest";
import { addSample, estimateSecondsLeft, type Sample } from "./downloadTime.ts";

const collect = (...pairs: [number, number][]) =>
  pairs.reduce<readonly Sample[]>((all, [atMs, bytes]) => addSample(all, { atMs, bytes }), []);

describe("estimateSecondsLeft", () => {
  it("divides what is missing by the recent rate", () => {
    expect(estimateSecondsLeft(collect([0, 0], [1000, 1000]), 4000)).toBe(3);
    // Slow at first, then 2 bytes a millisecond for longer than the window.
    const sped = collect([0, 0], [10_000, 100], [14_000, 8100], [18_000, 16_100]);
    expect(estimateSecondsLeft(sped, 20_100)).toBeCloseTo(2, 6);
  });

  it("says nothing while it does not know", () => {
    expect(estimateSecondsLeft([], 10)).toBeNull();
    expect(estimateSecondsLeft(collect([0, 5], [100, 50]), 100)).toBeNull();
    expect(estimateSecondsLeft(collect([0, 5], [1000, 5]), 100)).toBeNull();
    expect(estimateSecondsLeft(collect([0, 0], [1000, 9]), 1000)).toBeNull();
  });

  it("forgets what came before a new beginning", () => {
    expect(collect([0, 0], [1000, 900], [1100, 10])).toEqual([{ atMs: 1100, bytes: 10 }]);
  });
});
