import { expect, it } from "vitest";
import { MetricColumns } from "../stores/metricColumns.ts";
import { shortest, toColumns, toRows } from "./metricRows.ts";

it("writes numbers as short as they can be without becoming others", () => {
  const values = [0.61, 1 / 3, 1e-7, 12345.678, 0, 1, 3.4028234663852886e38, 1.401298464324817e-45];
  for (const value of values.map(Math.fround)) expect(Math.fround(shortest(value))).toBe(value);
  expect(shortest(Math.fround(0.61))).toBe(0.61);
  expect(shortest(Math.fround(1e-7))).toBe(1e-7);
});

it("turns columns into rows and back", () => {
  const columns = new MetricColumns();
  columns.push(3, { rewardMean: 0.5, klImage: 0.001 });
  columns.push(4, { rewardMean: 0.61 });
  const rows = toRows(columns);
  expect(rows).toEqual([
    { step: 3, values: { rewardMean: 0.5, klImage: 0.001 } },
    { step: 4, values: { rewardMean: 0.61 } },
  ]);
  const back = toColumns(rows);
  expect(Array.from(back.steps())).toEqual([3, 4]);
  expect(back.column("klImage")).toEqual(columns.column("klImage"));
});
