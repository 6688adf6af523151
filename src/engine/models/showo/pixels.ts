/** Between 8-bit pictures and what the image tokenizer takes and gives. */
import * as tf from "@tensorflow/tfjs-core";
import { chunk } from "../../chunk.ts";
import { EngineError } from "../../errors.ts";
import type { Magvit2 } from "../magvit2/magvit2.ts";
import type { ImageCodes, ImageU8 } from "../unified.ts";

/** Grey of the tile that stands for undecided codes: as light as the world's pastel backgrounds. */
const PLAIN_LEVEL = 240;

/**
 * @param images each `side`² @returns [B, side, side, 3] in [−1, 1], owned by the caller
 * @throws EngineError("badInput") on another size
 */
export function imagesToPixels(images: readonly ImageU8[], side: number): tf.Tensor4D {
  const size = side * side * 3;
  const values = new Float32Array(images.length * size);
  for (const [at, { width, height, rgb }] of images.entries()) {
    if (width !== side || height !== side || rgb.length !== size) {
      throw new EngineError(
        "badInput",
        `The model reads images of ${side} × ${side} pixels, not ${width} × ${height}. Scale them first.`,
        { width, height, side },
      );
    }
    for (let byte = 0; byte < size; byte++) values[at * size + byte] = (rgb[byte] ?? 0) / 127.5 - 1;
  }
  return tf.tensor4d(values, [images.length, side, side, 3]);
}

/** One decoder output to a byte: [−1, 1] to 0..255, truncated like the reference. */
export function toByte(value: number): number {
  return Math.trunc(Math.min(1, Math.max(0, (value + 1) / 2)) * 255);
}

/** The code of a plain light tile, from the middle of a plain picture. */
export async function plainCode(tokenizer: Magvit2, side: number): Promise<number> {
  const rgb = new Uint8Array(side * side * 3).fill(PLAIN_LEVEL);
  const codes = tf.tidy(() => tokenizer.encode(imagesToPixels([{ width: side, height: side, rgb }], side)));
  const values = await codes.data();
  codes.dispose();
  const grid = Math.round(Math.sqrt(values.length));
  const middle = Math.floor(grid / 2);
  return values[middle * grid + middle] ?? 0;
}

/** Pixels that the tokenizer's layers work on at once: their memory grows with it. */
const PIXELS_AT_ONCE = 2 ** 18;

/** Images of a call, as many at once as memory allows; one at the least. */
export function imagesAtOnce(side: number): number {
  return Math.max(1, Math.floor(PIXELS_AT_ONCE / side ** 2));
}

/** @param images [B][N] @param plain stands for −1 */
export async function codesToImages(
  tokenizer: Magvit2,
  images: readonly ImageCodes[],
  plain: number,
): Promise<ImageU8[]> {
  const side = Math.round(Math.sqrt(images[0]?.length ?? 0)) * tokenizer.downsampling;
  const decoded: ImageU8[] = [];
  for (const part of chunk(images, imagesAtOnce(side))) {
    decoded.push(...(await decodeAtOnce(tokenizer, part, plain)));
  }
  return decoded;
}

async function decodeAtOnce(
  tokenizer: Magvit2,
  images: readonly ImageCodes[],
  plain: number,
): Promise<ImageU8[]> {
  const count = images[0]?.length ?? 0;
  const codes = Int32Array.from(
    images.flatMap((image) => [...image]),
    (code) => (code < 0 ? plain : code),
  );
  const pixels = tf.tidy(() => tokenizer.decode(tf.tensor2d(codes, [images.length, count], "int32")));
  const [, height, width] = pixels.shape;
  const values = await pixels.data();
  pixels.dispose();
  const size = width * height * 3;
  return images.map((_, row) => ({
    width,
    height,
    rgb: Uint8Array.from(values.subarray(row * size, (row + 1) * size), toByte),
  }));
}
