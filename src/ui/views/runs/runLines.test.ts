import { describe, expect, it } from "vitest";
import { fakeStoredRuns } from "../../__fixtures__/fakeClient.ts";
import { MetricColumns } from "../../stores/metricColumns.ts";
import { LINES, linesOf } from "./runLines.ts";

describe("linesOf", () => {
  it("lays runs of different lengths on the same steps, each in its own line", () => {
    const [one, two] = fakeStoredRuns();
    const [blue, orange] = LINES;
    if (!one || !two || !blue || !orange) throw new Error("two runs and two lines are needed");
    const short = new MetricColumns();
    short.pushAll([{ rewardMean: 0.5 }], 2);
    const long = new MetricColumns();
    long.pushAll([{ rewardMean: 0.25 }, { rewardMean: 0.75 }, {}], 3);
    const compared = [
      { run: one, line: orange },
      { run: two, line: blue },
    ];
    const { xs, series } = linesOf("rewardMean", compared, [short, long]);
    expect(Array.from(xs)).toEqual([1, 2, 3]);
    expect(series.map(({ label, colour, isDashed }) => [label, colour, isDashed])).toEqual([
      ["Robust", "--series-2", true],
      ["Counts to three", "--series-1", false],
    ]);
    expect(series.map(({ values }) => Array.from(values))).toEqual([
      [Number.NaN, 0.5, Number.NaN],
      [0.25, 0.75, Number.NaN],
    ]);
  });
});
