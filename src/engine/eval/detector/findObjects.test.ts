import { describe, expect, it } from "vitest";
import { type DetectorConfig, outputCount } from "./config.ts";
import { findObjects } from "./findObjects.ts";

const config: DetectorConfig = {
  model_type: "detector",
  classes: ["cat", "dog"],
  colours: ["red", "blue"],
  side: 16,
  width: 2,
  blocks: 1,
  stride: 4,
  pixel_mean: 0,
  pixel_scale: 1,
};
const GRID = 4;
const CAT = 0;
const DOG = 1;

/** Cells where nothing is, but for some numbers at [row, column, channel]. */
function cells(...numbers: readonly [row: number, column: number, channel: number, value: number][]) {
  const channels = outputCount(config);
  const output = new Float32Array(GRID * GRID * channels);
  for (let cell = 0; cell < GRID * GRID; cell++) output.fill(-20, cell * channels, cell * channels + 2);
  for (const [row, column, channel, value] of numbers) {
    output[(row * GRID + column) * channels + channel] = value;
  }
  return output;
}

describe("finding objects in what the cells say", () => {
  it("finds none where nothing is", () => {
    expect(findObjects(config, cells())).toEqual({});
  });

  it("places the box by hand and takes the likeliest colour", () => {
    // cell (2, 1) looks at (4, 8); centre half a cell right and a quarter up: (6, 7); 2 × 1.5 cells are 8 × 6 pixels
    const output = cells(
      [2, 1, CAT, 0],
      [2, 1, 2, 0.5],
      [2, 1, 3, -0.25],
      [2, 1, 4, 2],
      [2, 1, 5, 1.5],
      [2, 1, 7, 1],
    );
    expect(findObjects(config, output)).toEqual({
      cat: [{ box: [2, 4, 10, 10], score: 0.5, color: "blue" }],
    });
  });

  it("keeps the strongest of neighbours, also where both scores round to 1", () => {
    const { cat } = findObjects(config, cells([1, 1, CAT, 40], [2, 2, CAT, 41]));
    expect(cat).toHaveLength(1);
    expect(cat?.[0]?.box).toEqual([8, 8, 8, 8]);
  });

  it("keeps the first of equal neighbours", () => {
    const { cat } = findObjects(config, cells([1, 2, CAT, 3], [2, 1, CAT, 3], [1, 1, CAT, 3]));
    expect(cat?.map(({ box }) => box)).toEqual([[4, 4, 4, 4]]);
  });

  it("lists two of a class that are two cells apart, and other classes in the same place", () => {
    const found = findObjects(config, cells([0, 0, CAT, 3], [0, 2, CAT, 2], [0, 0, DOG, 1]));
    expect(found.cat).toHaveLength(2);
    expect(found.dog).toHaveLength(1);
  });

  it("leaves out what is fainter than 0.05, and gives a negative size none", () => {
    const found = findObjects(config, cells([0, 0, CAT, -2.95], [3, 3, CAT, -2.9], [3, 3, 4, -1]));
    expect(found.cat?.map(({ box }) => box)).toEqual([[12, 12, 12, 12]]);
  });
});
