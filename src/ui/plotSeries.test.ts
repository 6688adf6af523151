import { expect, it } from "vitest";
import { seriesOf } from "./plotSeries.ts";
import { PLOTS } from "./plots.ts";
import { MetricColumns } from "./stores/metricColumns.ts";

function columnsOf(rewards: readonly (readonly [number, number])[]): MetricColumns {
  const columns = new MetricColumns();
  for (const [step, rewardMean] of rewards) columns.push(step, { rewardMean });
  return columns;
}

const own = columnsOf([
  [1, 0.5],
  [2, 0.75],
]);
const [reward] = PLOTS;
if (!reward) throw new Error("there is no plot");

it("is the run's own columns when there is nothing to compare with", () => {
  const { xs, series } = seriesOf(reward, own, null);
  expect(Array.from(xs)).toEqual([1, 2]);
  expect(series.map(({ label, isReference }) => [label, isReference])).toEqual([
    ["own", undefined],
    ["judge", undefined],
  ]);
});

it("puts another run behind, on the steps of both", () => {
  const { xs, series } = seriesOf(reward, own, { name: "other", columns: columnsOf([[5, 0.25]]) });
  expect(Array.from(xs)).toEqual([1, 2, 5]);
  expect(series.map(({ label, colour, isReference = false }) => [label, colour, isReference])).toEqual([
    ["own, other", "--edge", true],
    ["judge, other", "--edge", true],
    ["own", "--series-1", false],
    ["judge", "--series-2", false],
  ]);
  expect(Array.from(series[0]?.values ?? [])).toEqual([Number.NaN, Number.NaN, 0.25]);
  expect(Array.from(series[2]?.values ?? [])).toEqual([0.5, 0.75, Number.NaN]);
});

it("runs over what was spent, and leaves out a run that does not say what it cost", () => {
  const spent = new MetricColumns();
  spent.push(1, { rewardMean: 0.5, stepSeconds: 3 }, 16);
  spent.push(2, { rewardMean: 0.75, stepSeconds: 4 }, 16);
  const other = new MetricColumns();
  other.push(1, { rewardMean: 0.25, stepSeconds: 5 });
  const compared = { name: "other", columns: other };
  expect(Array.from(seriesOf(reward, spent, compared, "seconds").xs)).toEqual([3, 5, 7]);
  const byImages = seriesOf(reward, spent, compared, "images");
  expect(Array.from(byImages.xs)).toEqual([16, 32]);
  expect(byImages.series.map(({ label }) => label)).toEqual(["own", "judge"]);
});
