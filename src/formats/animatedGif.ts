/** Frames as an animated GIF that plays everywhere and begins again for ever. */
import { GIFEncoder, quantize } from "gifenc";

/** The most colours that a frame of a GIF has. */
const COLOURS = 256;
/** `repeat` of gifenc: without end. */
const FOREVER = 0;

/** A picture and how long it stays. RGBA, row-major, 4 bytes a pixel, opaque. */
export interface GifFrame {
  readonly rgba: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  /** A multiple of ten: GIF counts in hundredths of a second. */
  readonly durationMs: number;
}

type Colour = readonly number[];

/** @param palette red, green and blue of each colour, one after the other */
function nearest(palette: Float64Array, red: number, green: number, blue: number): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at < palette.length; at += 3) {
    const r = (palette[at] ?? 0) - red;
    const g = (palette[at + 1] ?? 0) - green;
    const b = (palette[at + 2] ?? 0) - blue;
    const distance = r * r + g * g + b * b;
    if (distance >= least) continue;
    least = distance;
    best = at / 3;
  }
  return best;
}

/**
 * The palette's nearest colour for every pixel. gifenc's own way decides for a pixel's whole neighbourhood of colours by
 * the first pixel it meets there, which can turn a ground grey for the sake of one edge.
 */
function indexPixels(rgba: Uint8ClampedArray, palette: readonly Colour[]): Uint8Array {
  const flat = Float64Array.from(palette.flat());
  const known = new Map<number, number>();
  const indices = new Uint8Array(rgba.length / 4);
  let before = -1;
  let index = 0;
  for (let at = 0; at < indices.length; at++) {
    const red = rgba[at * 4] ?? 0;
    const green = rgba[at * 4 + 1] ?? 0;
    const blue = rgba[at * 4 + 2] ?? 0;
    const colour = (red << 16) | (green << 8) | blue;
    if (colour !== before) {
      before = colour;
      index = known.get(colour) ?? nearest(flat, red, green, blue);
      known.set(colour, index);
    }
    indices[at] = index;
  }
  return indices;
}

/**
 * Adds frames, each with the 256 colours that fit it best. A generator, so that the page has its turn in between.
 * @param frames of one size
 * @returns the file, after a few `undefined` a frame
 */
export function* encodeGif(frames: Iterable<GifFrame>): Generator<undefined, Uint8Array<ArrayBuffer>> {
  const gif = GIFEncoder();
  for (const { rgba, width, height, durationMs } of frames) {
    const palette = quantize(rgba, COLOURS);
    gif.writeFrame(indexPixels(rgba, palette), width, height, {
      palette,
      delay: durationMs,
      repeat: FOREVER,
    });
    yield undefined;
  }
  gif.finish();
  return gif.bytes();
}
