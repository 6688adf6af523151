/** Small RGB images as PNG files and back, without loss and without a canvas. */
import { decode, encode } from "fast-png";
import { EngineError } from "../engine/errors.ts";
import { isPng } from "./pngText.ts";

/** RGB pixels, row-major, 3 bytes a pixel. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** Sides larger than this are no drawing of a model. */
const MAX_SIDE = 1024;
/** Signature, length, "IHDR", width, height. */
const SIZES_END = 24;

export function encodeRgb({ width, height, rgb }: RgbImage): Uint8Array {
  return encode({ width, height, data: rgb, channels: 3, depth: 8 });
}

/** @throws EngineError("fileCorrupt") for anything but a whole RGB image of 8 bits and at most 1024 pixels a side */
export function decodeRgb(png: Uint8Array, what: string): RgbImage {
  const refuse = (reason: string, cause?: unknown) =>
    new EngineError("fileCorrupt", `${what} cannot be read: ${reason}.`, { what, reason }, { cause });
  if (!isPng(png) || png.length < SIZES_END) throw refuse("it is no PNG");
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  // Looked at before decoding, which takes as much memory as the header asks for.
  if (Math.max(view.getUint32(16), view.getUint32(20)) > MAX_SIDE) throw refuse("it is too large");
  try {
    const { width, height, data, channels, depth } = decode(png, { checkCrc: true });
    if (channels === 3 && depth === 8 && data.length === width * height * 3) {
      return { width, height, rgb: Uint8Array.from(data) };
    }
  } catch (cause) {
    throw refuse(cause instanceof Error ? cause.message : String(cause), cause);
  }
  throw refuse("it is not RGB of 8 bits");
}
