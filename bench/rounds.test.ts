import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Contender, median, timeInterleaved } from "./rounds.ts";

describe("median", () => {
  it("is the middle value, or the mean of the middle two", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});

describe("timeInterleaved", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function contender(name: string, onceMs: number, log: string[]): Contender {
    return {
      name,
      prepare: async () => {
        log.push(`prepare ${name}`);
      },
      run: async (times) => {
        log.push(`${name} × ${times}`);
        vi.advanceTimersByTime(times * onceMs);
      },
    };
  }

  it("takes turns, and counts a first run that is long enough", async () => {
    const log: string[] = [];
    const timings = await timeInterleaved([contender("a", 210, log), contender("b", 230, log)], 2, () => {});
    const turn = ["prepare a", "a × 1", "prepare b", "b × 1"];
    expect(log).toEqual([...turn, ...turn]);
    expect(timings.map(({ name, times, roundsMs }) => [name, times, roundsMs.length])).toEqual([
      ["a", 1, 2],
      ["b", 1, 2],
    ]);
    expect(timings.map(({ medianMs }) => medianMs)).toEqual([210, 230]);
  });

  it("repeats what is short, and tells the time of one", async () => {
    const log: string[] = [];
    const [timing] = await timeInterleaved([contender("short", 20, log)], 3, () => {});
    expect(timing).toEqual({ name: "short", medianMs: 20, roundsMs: [20, 20, 20], times: 10 });
    // Once to learn how short it is.
    expect(log.filter((line) => line.startsWith("short"))).toEqual([
      "short × 1",
      ...Array(3).fill("short × 10"),
    ]);
  });
});
