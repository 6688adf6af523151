import { expect, it } from "vitest";
import { alignSeries } from "./alignSeries.ts";

it("puts runs of different steps on one axis", () => {
  const { xs, columns } = alignSeries([
    { xs: Float32Array.of(1, 2, 3), columns: [Float32Array.of(10, 20, 30)] },
    { xs: Float32Array.of(2, 4), columns: [Float32Array.of(5, 7), Float32Array.of(6, 8)] },
  ]);
  expect(Array.from(xs)).toEqual([1, 2, 3, 4]);
  expect(columns.map((run) => run.map((values) => Array.from(values)))).toEqual([
    [[10, 20, 30, Number.NaN]],
    [
      [Number.NaN, 5, Number.NaN, 7],
      [Number.NaN, 6, Number.NaN, 8],
    ],
  ]);
});
