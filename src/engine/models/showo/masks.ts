/**
 * Omni-attention masks as pure functions: 1 where a row may look at a column. Text is causal, an image and its two
 * markers see each other, nobody sees pads.
 *
 * Source: spec/showo.md section 3; Show-o training/prompting_utils.py@45a5a2de.
 */
import * as tf from "@tensorflow/tfjs-core";
import { FORBIDDEN } from "../../nn/attention.ts";

/**
 * Text-to-image row `[pads] t2i sot text eot soi image eoi`. Pads are causal among themselves, so that every row
 * has something to see.
 * @param length L @param padCount leading pads @param soi index of the image's opening marker
 * @returns [L·L] row-major
 */
export function drawMask(length: number, padCount: number, soi: number): Uint8Array {
  const mask = new Uint8Array(length * length);
  for (let row = 0; row < length; row++) {
    const first = row < padCount ? 0 : padCount;
    const last = row >= soi ? length - 1 : row;
    mask.fill(1, row * length + first, row * length + last + 1);
  }
  return mask;
}

/**
 * Understanding row `[pads] mmu soi codes eoi sot question answer`: everything up to eoi is bidirectional, the rest
 * causal. Pads on the right need no mask: nobody before them sees them.
 * @param length L @param padCount leading pads @param eoi index of the image's closing marker @returns [L·L] row-major
 */
export function answerMask(length: number, padCount: number, eoi: number): Uint8Array {
  const mask = new Uint8Array(length * length);
  for (let row = 0; row < length; row++) {
    const first = row < padCount ? 0 : padCount;
    const last = row < padCount ? row : Math.max(row, eoi);
    mask.fill(1, row * length + first, row * length + last + 1);
  }
  return mask;
}

/** Causal text behind leading pads. @param length L @returns [L·L] row-major */
export function textMask(length: number, padCount: number): Uint8Array {
  return drawMask(length, padCount, length);
}

/**
 * Stacks row masks into the additive form that attention takes.
 * @param masks [B][rows·columns] @returns [B, 1, rows, columns] with 0 or `FORBIDDEN`, owned by the caller
 */
export function toAdditiveMask(masks: readonly Uint8Array[], rows: number, columns: number): tf.Tensor4D {
  const values = new Float32Array(masks.length * rows * columns);
  for (const [at, mask] of masks.entries()) {
    const start = at * rows * columns;
    for (let cell = 0; cell < mask.length; cell++) if (!mask[cell]) values[start + cell] = FORBIDDEN;
  }
  return tf.tensor4d(values, [masks.length, 1, rows, columns]);
}

/**
 * Hides each row's leading pads from all of its queries.
 * @param padCounts [B] @param columns K @returns [B, 1, 1, K], owned by the caller; null when there are no pads
 */
export function padMask(padCounts: readonly number[], columns: number): tf.Tensor4D | null {
  if (padCounts.every((pads) => pads === 0)) return null;
  const masks = padCounts.map((pads) => new Uint8Array(columns).fill(1, pads));
  return toAdditiveMask(masks, 1, columns);
}
