/** Frames as an animated GIF that plays everywhere and begins again for ever. */
import { applyPalette, GIFEncoder, quantize } from "gifenc";

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

/**
 * Adds frames, each with the 256 colours that fit it best. A generator gives the page its turn between two frames.
 * @param frames of one size
 * @returns the file, after one `undefined` a frame
 */
export function* encodeGif(frames: Iterable<GifFrame>): Generator<undefined, Uint8Array<ArrayBuffer>> {
  const gif = GIFEncoder();
  for (const { rgba, width, height, durationMs } of frames) {
    const palette = quantize(rgba, COLOURS);
    gif.writeFrame(applyPalette(rgba, palette), width, height, {
      palette,
      delay: durationMs,
      repeat: FOREVER,
    });
    yield undefined;
  }
  gif.finish();
  return gif.bytes();
}
