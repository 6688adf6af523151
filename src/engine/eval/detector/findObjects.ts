/** From what the cells say to objects. */
import type { Box, Detection, Detections } from "../geneval/detections.ts";
import { BOX_OUTPUTS, type DetectorConfig, outputCount } from "./config.ts";

/** Fainter peaks are left out: no judge believes them, and there are many. */
const MIN_SCORE = 0.05;

/** Reads [h, w, C] numbers by row, column and channel. */
type ReadCell = (row: number, column: number, channel: number) => number;

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/** Whether a cell is the highest of its 3×3; of equal ones the first in reading order is. */
function isPeak(read: ReadCell, grid: number, row: number, column: number, channel: number): boolean {
  const own = read(row, column, channel);
  for (let r = Math.max(row - 1, 0); r <= Math.min(row + 1, grid - 1); r++) {
    for (let c = Math.max(column - 1, 0); c <= Math.min(column + 1, grid - 1); c++) {
      const other = read(r, c, channel);
      const isEarlier = r < row || (r === row && c < column);
      if (other > own || (other === own && isEarlier)) return false;
    }
  }
  return true;
}

/** Box in pixels from the four numbers that begin at `channel`: centre seen from the cell, width and height. */
function readBox(read: ReadCell, stride: number, row: number, column: number, channel: number): Box {
  const x = (column + read(row, column, channel)) * stride;
  const y = (row + read(row, column, channel + 1)) * stride;
  const halfWidth = (Math.max(read(row, column, channel + 2), 0) * stride) / 2;
  const halfHeight = (Math.max(read(row, column, channel + 3), 0) * stride) / 2;
  return [x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight];
}

/** Index of the largest of `count` numbers from `channel` on; the first of equal ones. */
function findLargest(read: ReadCell, row: number, column: number, channel: number, count: number): number {
  let largest = 0;
  for (let i = 1; i < count; i++) {
    if (read(row, column, channel + i) > read(row, column, channel + largest)) largest = i;
  }
  return largest;
}

/**
 * The objects of one picture: peaks of each class's map, with their box and the likeliest colour, in reading order.
 * Logits are compared, because two sure scores may be the same number.
 * @param output [h, w, outputs] of one picture, h = w = side / stride
 */
export function findObjects(config: DetectorConfig, output: Float32Array): Detections {
  const { classes, colours, stride } = config;
  const grid = config.side / stride;
  const channels = outputCount(config);
  const read: ReadCell = (row, column, channel) =>
    output[(row * grid + column) * channels + channel] ?? Number.NaN;
  const detections: Record<string, Detection[]> = {};
  classes.forEach((name, kind) => {
    for (let row = 0; row < grid; row++) {
      for (let column = 0; column < grid; column++) {
        const score = sigmoid(read(row, column, kind));
        if (!(score > MIN_SCORE) || !isPeak(read, grid, row, column, kind)) continue;
        const box = readBox(read, stride, row, column, classes.length);
        const colour = findLargest(read, row, column, classes.length + BOX_OUTPUTS, colours.length);
        detections[name] ??= [];
        detections[name].push({ box, score, color: colours[colour] ?? "" });
      }
    }
  });
  return detections;
}
