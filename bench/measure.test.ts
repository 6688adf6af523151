import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { measure } from "./measure.ts";
import type { Contender } from "./rounds.ts";

function contender(name: string, values: readonly number[], log: string[] = []): Contender {
  return {
    name,
    prepare: async () => {},
    run: async () => {
      log.push(name);
      vi.advanceTimersByTime(210);
    },
    values: async () => values,
  };
}

describe("measure", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("times who computes the same, and gives rates", async () => {
    const [first, second] = await measure(
      {
        name: "sums",
        shape: {},
        contenders: [contender("ours", [1, 2]), contender("theirs", [1, 2.0001])],
        flops: 2.1e8,
        finishes: { count: 21, what: "sums" },
      },
      1,
      () => {},
    );
    expect(first).toEqual({
      name: "ours",
      times: 1,
      medianMs: 210,
      roundsMs: [210],
      gflops: 1,
      perSecond: 100,
    });
    expect(second).toEqual({ ...first, name: "theirs", difference: expect.closeTo(5e-5, 8) });
  });

  it.each([
    ["other numbers", [1, 2.1]],
    ["NaN", [1, Number.NaN]],
    ["too few numbers", [1]],
  ])("does not time who computes %s", async (_, values) => {
    const log: string[] = [];
    const contenders = [contender("ours", [1, 2], log), contender("theirs", values, log)];
    const [, second] = await measure({ name: "sums", shape: {}, contenders }, 1, () => {});
    expect(second).toMatchObject({ name: "theirs", refused: expect.stringContaining("differs") });
    expect(log).toEqual(["ours"]);
  });

  it("takes a contender's own tolerance and a benchmark's own difference", async () => {
    const loose = { ...contender("theirs", [1, 2.1]), tolerance: 0.06 };
    const [, second] = await measure(
      { name: "sums", shape: {}, contenders: [contender("ours", [1, 2]), loose] },
      1,
      () => {},
    );
    expect(second).toHaveProperty("medianMs");
    const [, third] = await measure(
      {
        name: "sums",
        shape: {},
        contenders: [contender("ours", [1, 2]), contender("theirs", [1, 2])],
        differ: () => 1,
      },
      1,
      () => {},
    );
    expect(third).toHaveProperty("refused");
  });

  it("goes on without a contender that does not start, but not without the first", async () => {
    const broken = {
      ...contender("theirs", []),
      prepare: () => Promise.reject(new Error("no such device")),
    };
    const [, second] = await measure(
      { name: "sums", shape: {}, contenders: [contender("ours", [1]), broken] },
      1,
      () => {},
    );
    expect(second).toEqual({ name: "theirs", refused: "no such device" });
    await expect(measure({ name: "sums", shape: {}, contenders: [broken] }, 1, () => {})).rejects.toThrow(
      "no such device",
    );
  });
});
