import { describe, expect, it } from "vitest";
import { decimate } from "./decimate.ts";
import { smooth } from "./smoothing.ts";

const LENGTH = 10_000;
const steps = Float32Array.from({ length: LENGTH }, (_, at) => at + 1);
const wave = (shift: number) => Float32Array.from({ length: LENGTH }, (_, at) => Math.sin(at / 300 + shift));

describe("decimate", () => {
  it("leaves a table alone that has no more rows than pixels can show", () => {
    const table = { xs: Float32Array.of(1, 2, 3, 4), columns: [Float32Array.of(4, 3, 2, 1)] };
    expect(decimate(table, 2)).toBe(table);
  });

  it("keeps of each bucket the lowest and the highest, in their order, by hand", () => {
    const xs = Float32Array.of(0, 1, 2, 3, 4, 5, 6, 8);
    const columns = [
      Float32Array.of(5, 1, 9, 3, 2, 2, 7, 0),
      Float32Array.of(1, 2, 3, 4, 5, 6, Number.NaN, 8),
    ];
    const table = decimate({ xs, columns: columns.map((column) => column) }, 2);
    expect(Array.from(table.xs)).toEqual([0, 3, 4, 8]);
    expect(table.columns.map((column) => Array.from(column))).toEqual([
      [1, 9, 7, 0],
      [1, 4, 5, 8],
    ]);
  });

  it("makes 10,000 steps of 20 metrics as wide as the chart", () => {
    const columns = Array.from({ length: 20 }, (_, at) => wave(at));
    const table = decimate({ xs: steps, columns }, 300);
    expect(table.xs.length).toBeLessThanOrEqual(600);
    expect(table.columns.map((column) => column.length)).toEqual(columns.map(() => table.xs.length));
    for (const [at, column] of table.columns.entries()) {
      expect(Math.max(...column)).toBe(Math.max(...(columns[at] ?? [])));
      expect(Math.min(...column)).toBe(Math.min(...(columns[at] ?? [])));
    }
  });

  it("keeps a peak of one step in ten thousand", () => {
    const spike = new Float32Array(LENGTH);
    spike[4567] = 1;
    const table = decimate({ xs: steps, columns: [spike] }, 300);
    const at = table.columns[0]?.indexOf(1) ?? -1;
    expect(Math.abs((table.xs[at] ?? 0) - 4568)).toBeLessThan(LENGTH / 300);
  });

  it("says nothing where nothing was measured, and begins and ends where the run does", () => {
    const gap = wave(0).map((value, at) => (at >= 2000 && at < 4000 ? Number.NaN : value));
    const table = decimate({ xs: steps, columns: [gap] }, 100);
    const inside = table.columns[0]?.filter((_, at) => {
      const x = table.xs[at] ?? 0;
      return x > 2101 && x < 3900;
    });
    expect(inside?.length).toBeGreaterThan(0);
    expect(inside?.every((value) => Number.isNaN(value))).toBe(true);
    expect([table.xs[0], table.xs.at(-1)]).toEqual([1, LENGTH]);
  });

  it("comes after smoothing, which has seen every step", () => {
    const noisy = Float32Array.from({ length: LENGTH }, (_, at) => (at % 2 === 0 ? 0 : 1));
    const smoothed = decimate({ xs: steps, columns: [smooth(noisy, 0.99)] }, 100).columns[0];
    // The mean of what alternates between 0 and 1; the extremes of the raw series would give 1.
    for (const value of smoothed?.slice(20) ?? []) expect(value).toBeCloseTo(0.5, 1);
  });
});
