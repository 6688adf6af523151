/**
 * Omni-attention masks as pure functions: which columns each row may look at, always one range. Text is causal, an image
 * and its two markers see each other, nobody sees pads.
 *
 * Source: spec/showo.md section 3; Show-o training/prompting_utils.py@45a5a2de.
 */

/** [L·2] row by row: the first column seen and the one behind the last. */
export type RowRanges = Int32Array;

function rangesOf(length: number, range: (row: number) => readonly [number, number]): RowRanges {
  return Int32Array.from(Array.from({ length }, (_, row) => range(row)).flat());
}

/**
 * Text-to-image row `[pads] t2i sot text eot soi image eoi`. Pads are causal among themselves, so that every row
 * has something to see.
 * @param length L @param padCount leading pads @param soi index of the image's opening marker
 */
export function drawMask(length: number, padCount: number, soi: number): RowRanges {
  return rangesOf(length, (row) => [row < padCount ? 0 : padCount, row >= soi ? length : row + 1]);
}

/**
 * Understanding row `[pads] mmu soi codes eoi sot question answer`: everything up to eoi is bidirectional, the rest
 * causal. Pads on the right need no mask: nobody before them sees them.
 * @param length L @param padCount leading pads @param eoi index of the image's closing marker
 */
export function answerMask(length: number, padCount: number, eoi: number): RowRanges {
  return rangesOf(length, (row) => (row < padCount ? [0, row + 1] : [padCount, Math.max(row, eoi) + 1]));
}

/** Causal text behind leading pads. @param length L */
export function textMask(length: number, padCount: number): RowRanges {
  return drawMask(length, padCount, length);
}

/** A batch's masks as attention takes them. @param masks [B] of L rows @returns [B·L·2] */
export function stackMasks(masks: readonly RowRanges[]): RowRanges {
  return Int32Array.from(masks.flatMap((mask) => [...mask]));
}

/** Hides each sequence's leading pads from all of its queries. @param padCounts [B] @returns [B·2], or null without pads */
export function padMask(padCounts: readonly number[], columns: number): RowRanges | null {
  if (padCounts.every((pads) => pads === 0)) return null;
  return Int32Array.from(padCounts.flatMap((pads) => [pads, columns]));
}
