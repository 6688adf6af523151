import { describe, expect, it } from "vitest";
import { judgeGrowth, type Sample, slopeOf } from "./growth.ts";

const line = (perStep: number, count = 12): Sample[] =>
  Array.from({ length: count }, (_, at) => ({ step: at * 10, value: 5 + at * 10 * perStep }));

describe("slopeOf", () => {
  it("is the slope of a line, whatever one sample says", () => {
    const samples = line(0.5);
    expect(slopeOf(samples)).toBeCloseTo(0.5, 12);
    expect(slopeOf(samples.with(4, { step: 40, value: 1e6 }))).toBeCloseTo(0.5, 12);
  });

  it("takes the mean of the two middle slopes of an even number", () => {
    const samples = [
      { step: 0, value: 0 },
      { step: 1, value: 3 },
      { step: 2, value: 4 },
      { step: 3, value: 4.5 },
    ];
    // Slopes of the pairs: 3, 2, 1.5, 1, 0.75, 0.5; the middle ones are 1 and 1.5.
    expect(slopeOf(samples)).toBe(1.25);
  });

  it("is 0 where there is no line", () => {
    expect(slopeOf([{ step: 3, value: 9 }])).toBe(0);
  });
});

describe("judgeGrowth", () => {
  it("allows what is allowed and no more, per 1000 steps", () => {
    expect(judgeGrowth(line(0.002), 2.001)).toMatchObject({ isTooMuch: false });
    expect(judgeGrowth(line(0.002), 1.999)).toMatchObject({ isTooMuch: true });
    expect(judgeGrowth(line(0.002), 2).per1000).toBeCloseTo(2, 9);
  });

  it("does not count the beginning", () => {
    const samples = [0, 100, 200, 300, 300, 300, 300, 300, 300, 300, 300, 300].map((value, at) => ({
      step: at,
      value,
    }));
    expect(judgeGrowth(samples, 0)).toMatchObject({
      first: 300,
      last: 300,
      steps: 8,
      per1000: 0,
      isTooMuch: false,
    });
  });

  it("never passes what it cannot tell", () => {
    expect(judgeGrowth([], 1).isTooMuch).toBe(true);
    expect(judgeGrowth(line(0, 5), 1).isTooMuch).toBe(true);
    expect(judgeGrowth(line(Number.NaN), 1).isTooMuch).toBe(true);
    expect(
      judgeGrowth(
        line(0).map(({ value }) => ({ step: 7, value })),
        1,
      ).isTooMuch,
    ).toBe(true);
  });
});
