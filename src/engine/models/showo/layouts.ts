/** Who sees whom in each of Show-o's passes, and which rows come out. */
import { type SequenceBlock, SequenceLayout } from "../../kernels/omniAttention/sequences.ts";
import type { RowChoice } from "../../kernels/pickRows/pickRows.ts";
import type { ShowoConfig } from "./config.ts";
import type { ForwardInput, OutputRows } from "./forward.ts";
import { padMask, type RowRanges, stackMasks, textMask } from "./masks.ts";

/** Text prefixes padded to one length, each distinct one once. */
export interface TextRows {
  /** [U·P] */
  readonly ids: Int32Array;
  /** P */
  readonly length: number;
  /** [U] leading pads. */
  readonly padCounts: readonly number[];
  /** [B] which of them each image follows. */
  readonly of: Int32Array;
}

/** Texts, which see what comes before in them. Their keys are the first. */
export function textBlock({ length, padCounts }: TextRows): SequenceBlock {
  const ranges = stackMasks(padCounts.map((pads) => textMask(length, pads)));
  return { count: padCounts.length, queries: length, keyStart: 0, keys: length, ranges };
}

/** Images behind their texts, which see all of both but pads. Their keys lie behind those of all texts. */
export function imagesBlock(
  { length, padCounts, of }: TextRows,
  { imageTokenCount }: ShowoConfig,
): SequenceBlock {
  const rows = imageTokenCount + 2;
  const pads = Array.from(of, (text) => padCounts[text] ?? 0);
  return {
    count: of.length,
    queries: rows,
    keyStart: padCounts.length * length,
    keys: rows,
    prefix: { start: 0, count: padCounts.length, length, of },
    ranges: padMask(pads, length + rows),
  };
}

/** The image positions among the rows of images, soi and eoi left out. @param start rows before the first image */
export function imageTokens(
  start: number,
  images: number,
  { imageTokenCount: count }: ShowoConfig,
): RowChoice {
  return { start, sequences: images, length: count + 2, skip: 1, count };
}

export function imagesLayout(text: TextRows, config: ShowoConfig): SequenceLayout {
  const block = imagesBlock(text, config);
  return new SequenceLayout([block], block.keyStart + block.count * block.keys);
}

/** B sequences of one length L that see themselves and nothing else. @param masks [B] of L rows, or of some of them */
export function ownLayout(masks: readonly RowRanges[], length: number): SequenceLayout {
  const [count, queries] = [masks.length, (masks[0]?.length ?? 0) / 2];
  const block = { count, queries, keyStart: 0, keys: length, ranges: stackMasks(masks) };
  return new SequenceLayout([block], count * length);
}

/**
 * Sequences of which only some rows come out.
 * @param masks [B] of L rows @param kept of each sequence's rows
 * @returns what `runForward` needs to know; tensors owned by the caller
 */
export function answerRows(
  masks: readonly RowRanges[],
  { skip, count }: Pick<RowChoice, "skip" | "count">,
): Pick<ForwardInput, "layout"> & { readonly output: OutputRows } {
  const length = (masks[0]?.length ?? 0) / 2;
  const parts = masks.map((mask) => mask.subarray(2 * skip, 2 * (skip + count)));
  const rows = { start: 0, sequences: masks.length, length, skip, count };
  return { layout: ownLayout(masks, length), output: { rows, layout: ownLayout(parts, length) } };
}

/** The next row of each sequence, which sees all before it but pads; its key lies behind its sequence's own. */
export function nextRowLayout(padCounts: readonly number[], columns: number): SequenceLayout {
  const count = padCounts.length;
  const ranges = padMask(padCounts, columns);
  return new SequenceLayout([{ count, queries: 1, keyStart: 0, keys: columns, ranges }], count * columns);
}
