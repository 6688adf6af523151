import { describe, expect, it } from "vitest";
import { choosePalette, createIndexer, expandIndices, PALETTE_SIZE } from "./paletteImage.ts";

const image = (width: number, ...pixels: (readonly [number, number, number])[]) => ({
  width,
  height: pixels.length / width,
  rgb: Uint8Array.from(pixels.flat()),
});
const RED = [200, 0, 0] as const;
const BLUE = [0, 0, 200] as const;
const SKY = [4, 0, 202] as const;

describe("choosePalette", () => {
  it("keeps the colours where there are few", () => {
    const palette = choosePalette([image(2, RED, BLUE), image(1, RED)]);
    expect([palette.slice(0, 3), palette.slice(3)].map((colour) => [...colour]).sort()).toEqual([
      [...BLUE],
      [...RED],
    ]);
  });

  it("chooses at most a byte's worth of colours, near all that occur", () => {
    const colours = Array.from({ length: 1000 }, (_, at) => [at % 10, at / 4, at / 100].map(Math.floor));
    const many = image(1000, ...(colours as [number, number, number][]));
    const palette = choosePalette([many]);
    expect(palette.length / 3).toBeLessThanOrEqual(PALETTE_SIZE);
    const drawn = expandIndices(createIndexer(palette, 0)(many), palette);
    const errors = many.rgb.map((value, at) => Math.abs(value - (drawn[at] ?? 0)));
    expect(Math.max(...errors)).toBeLessThanOrEqual(8);
  });
});

describe("createIndexer", () => {
  const palette = Uint8Array.from([...RED, ...BLUE, ...SKY]);

  it("takes the nearest colour, and expands to it again", () => {
    const indices = createIndexer(palette, 0)(image(2, [199, 1, 0], SKY, BLUE, RED));
    expect([...indices]).toEqual([0, 2, 1, 0]);
    expect([...expandIndices(indices.slice(0, 2), palette)]).toEqual([...RED, ...SKY]);
  });

  it("takes over a neighbour's colour where that is worse by no more than the tolerance", () => {
    // From blue to sky: 4² + 2² = 20.
    expect([...createIndexer(palette, 19)(image(3, BLUE, SKY, RED))]).toEqual([1, 2, 0]);
    expect([...createIndexer(palette, 20)(image(3, BLUE, SKY, RED))]).toEqual([1, 1, 0]);
    expect([...createIndexer(palette, 20)(image(1, BLUE, SKY))]).toEqual([1, 1]);
  });
});
