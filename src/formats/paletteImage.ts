/**
 * Images of a recording as one byte a pixel: an index into a palette that all its images share. Drawn emoji on plain
 * grounds have few colours, and equal neighbours compress well.
 */
import type { WireImage } from "../protocol/events.ts";

/** Colours of a palette: an index is one byte. */
export const PALETTE_SIZE = 256;

const REFINEMENTS = 8;

/** A colour as the mean of the pixels it stands for, and their number. */
interface Cell {
  readonly rgb: readonly number[];
  readonly count: number;
}

const CHANNELS = [0, 1, 2] as const;

function meanOf(cells: readonly Cell[]): Cell {
  const count = cells.reduce((sum, cell) => sum + cell.count, 0);
  const rgb = CHANNELS.map((channel) => {
    return cells.reduce((sum, cell) => sum + (cell.rgb[channel] ?? 0) * cell.count, 0) / count;
  });
  return { rgb, count };
}

/** Colours that occur, to six bits a channel. */
function countColours(images: readonly WireImage[]): Cell[] {
  const sums = new Map<number, [number, number, number, number]>();
  for (const { rgb } of images) {
    for (let at = 0; at < rgb.length; at += 3) {
      const [red = 0, green = 0, blue = 0] = rgb.subarray(at, at + 3);
      const key = ((red >> 2) << 12) | ((green >> 2) << 6) | (blue >> 2);
      const sum = sums.get(key);
      if (!sum) sums.set(key, [red, green, blue, 1]);
      else {
        sum[0] += red;
        sum[1] += green;
        sum[2] += blue;
        sum[3]++;
      }
    }
  }
  return [...sums.values()].map(([red, green, blue, count]) => ({
    rgb: [red / count, green / count, blue / count],
    count,
  }));
}

interface Box {
  readonly cells: readonly Cell[];
  readonly mean: Cell;
  /** Channel along which the box is widest, and its squared deviation there. */
  readonly channel: number;
  readonly spread: number;
}

function measureBox(cells: readonly Cell[]): Box {
  const mean = meanOf(cells);
  const spreads = CHANNELS.map((channel) => {
    const centre = mean.rgb[channel] ?? 0;
    return cells.reduce((sum, { rgb, count }) => sum + count * ((rgb[channel] ?? 0) - centre) ** 2, 0);
  });
  const spread = Math.max(...spreads);
  return { cells, mean, channel: spreads.indexOf(spread), spread };
}

/** Cuts a box at the mean of its widest channel. */
function cutBox({ cells, mean, channel }: Box): [Box, Box] {
  const isLow = ({ rgb }: Cell) => (rgb[channel] ?? 0) <= (mean.rgb[channel] ?? 0);
  return [measureBox(cells.filter(isLow)), measureBox(cells.filter((cell) => !isLow(cell)))];
}

const distanceOf = (rgb: readonly number[], palette: Uint8Array, index: number): number =>
  ((rgb[0] ?? 0) - (palette[index * 3] ?? 0)) ** 2 +
  ((rgb[1] ?? 0) - (palette[index * 3 + 1] ?? 0)) ** 2 +
  ((rgb[2] ?? 0) - (palette[index * 3 + 2] ?? 0)) ** 2;

function nearest(rgb: readonly number[], palette: Uint8Array): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let index = 0; index < palette.length / 3; index++) {
    const distance = distanceOf(rgb, palette, index);
    if (distance >= least) continue;
    best = index;
    least = distance;
  }
  return best;
}

const toPalette = (colours: readonly Cell[]): Uint8Array =>
  Uint8Array.from(colours.flatMap(({ rgb }) => rgb.map(Math.round)));

/**
 * The colours that stand for all colours of the images with little error: boxes cut along their widest channel, then
 * refined by k-means.
 * @returns [colours · 3], at most `PALETTE_SIZE` colours
 */
export function choosePalette(images: readonly WireImage[]): Uint8Array {
  const cells = countColours(images);
  if (cells.length === 0) return new Uint8Array(3);
  const boxes = [measureBox(cells)];
  while (boxes.length < PALETTE_SIZE) {
    const widest = boxes.reduce((best, box, at) => (box.spread > (boxes[best]?.spread ?? 0) ? at : best), 0);
    const box = boxes[widest];
    if (!box || box.spread === 0) break;
    boxes.splice(widest, 1, ...cutBox(box));
  }
  let palette = toPalette(boxes.map(({ mean }) => mean));
  for (let turn = 0; turn < REFINEMENTS; turn++) {
    const members = Array.from({ length: palette.length / 3 }, (): Cell[] => []);
    for (const cell of cells) members[nearest(cell.rgb, palette)]?.push(cell);
    palette = toPalette(members.filter((list) => list.length > 0).map(meanOf));
  }
  return palette;
}

/**
 * Puts images into colours of the palette. A pixel takes over a neighbour's colour where that is worse than the best
 * one by at most the tolerance, so that noise nobody sees costs no bytes.
 * @param palette [colours · 3]
 * @param tolerance squared distance in RGB
 * @returns a function that gives the indices of an image, [height · width]
 */
export function createIndexer(palette: Uint8Array, tolerance: number): (image: WireImage) => Uint8Array {
  const known = new Map<number, number>();
  const findBest = (pixel: readonly number[]): number => {
    const key = ((pixel[0] ?? 0) << 16) | ((pixel[1] ?? 0) << 8) | (pixel[2] ?? 0);
    const best = known.get(key) ?? nearest(pixel, palette);
    known.set(key, best);
    return best;
  };
  return ({ width, rgb }) => {
    const indices = new Uint8Array(rgb.length / 3);
    for (let at = 0; at < indices.length; at++) {
      const pixel = Array.from(rgb.subarray(at * 3, at * 3 + 3));
      const best = findBest(pixel);
      let chosen = best;
      let closest = distanceOf(pixel, palette, best) + tolerance;
      const left = at % width === 0 ? [] : [at - 1, at - width - 1];
      for (const neighbour of [...left, at - width, at - width + 1]) {
        if (neighbour < 0 || neighbour >= at) continue;
        const candidate = indices[neighbour] ?? best;
        const distance = distanceOf(pixel, palette, candidate);
        if (distance > closest) continue;
        closest = distance;
        chosen = candidate;
      }
      indices[at] = chosen;
    }
    return indices;
  };
}

/** The pixels behind indices. @returns [indices · 3] */
export function expandIndices(indices: Uint8Array, palette: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(indices.length * 3);
  for (let at = 0, to = 0; at < indices.length; at++) {
    const from = (indices[at] ?? 0) * 3;
    rgb[to++] = palette[from] ?? 0;
    rgb[to++] = palette[from + 1] ?? 0;
    rgb[to++] = palette[from + 2] ?? 0;
  }
  return rgb;
}
