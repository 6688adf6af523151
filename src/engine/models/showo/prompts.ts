/**
 * Token layouts of Show-o's two tasks, without pads: pads only align rows of one batch (`padLeft`).
 *
 * Source: spec/showo.md section 4; Show-o training/prompting_utils.py@45a5a2de.
 */
import type { ShowoConfig } from "./config.ts";

/**
 * `t2i sot text eot`, what stands before an image. Over-long text loses its end and keeps its eot.
 * @param text ids without specials; empty gives the unconditional prefix
 */
export function drawPrefix(text: readonly number[], config: ShowoConfig): number[] {
  const { t2i, sot, eot } = config.special;
  // A text that already opens with sot gets no second one.
  const opened = text[0] === sot ? [t2i, ...text] : [t2i, sot, ...text];
  const kept = opened.length + 1 > config.maxTextLength + 1 ? opened.slice(0, config.maxTextLength) : opened;
  return [...kept, eot];
}

/** The prefix of classifier-free guidance: an empty text. */
export function unconditionalPrefix(config: ShowoConfig): number[] {
  return drawPrefix([], config);
}

/** `soi image eoi`. @param codes [N], −1 where hidden @returns [N + 2] ids */
export function imageBlock(codes: ArrayLike<number>, config: ShowoConfig): Int32Array {
  const ids = new Int32Array(codes.length + 2);
  ids[0] = config.special.soi;
  for (let at = 0; at < codes.length; at++) ids[at + 1] = imageId(codes[at] ?? -1, config);
  ids[codes.length + 1] = config.special.eoi;
  return ids;
}

/** Vocabulary id of an image code; the mask's for −1. */
export function imageId(code: number, config: ShowoConfig): number {
  return code < 0 ? config.maskId : code + config.imageOffset;
}

/** The wording around a question, tokenised as one text. The line break belongs to it. */
export function questionText(question: string): string {
  return `USER: \n${question} ASSISTANT:`;
}

/**
 * `mmu soi codes eoi sot question`, what stands before an answer.
 * @param codes [N] @param question ids of `questionText`
 */
export function answerPrefix(
  codes: ArrayLike<number>,
  question: readonly number[],
  config: ShowoConfig,
): number[] {
  const { mmu, sot } = config.special;
  return [mmu, ...imageBlock(codes, config), sot, ...question];
}

/** Index of eoi in `answerPrefix`, and in a training row without leading pads. */
export function answerEoi(config: ShowoConfig): number {
  return config.imageTokenCount + 2;
}

/** Rows padded on the left to one length. */
export interface PaddedRows {
  /** [B·L] */
  readonly ids: Int32Array;
  /** L */
  readonly length: number;
  /** [B] leading pads of each row. */
  readonly padCounts: readonly number[];
}

/** @param rows [B] id lists, none longer than `length` */
export function padLeft(rows: readonly ArrayLike<number>[], length: number, pad: number): PaddedRows {
  const ids = new Int32Array(rows.length * length).fill(pad);
  const padCounts = rows.map((row) => length - row.length);
  for (const [at, row] of rows.entries()) ids.set(row, at * length + (padCounts[at] ?? 0));
  return { ids, length, padCounts };
}

/** Rows are padded to multiples of this, so that few shapes occur and a row's own length alone decides its shape. */
const BUCKET = 8;

/** The padded length of a row: the next multiple of eight. */
export function bucketLength(length: number): number {
  return Math.ceil(length / BUCKET) * BUCKET;
}

/** Indices of rows by padded length, in order of first appearance. @returns lists of indices, one a bucket */
export function groupByBucket(rows: readonly ArrayLike<number>[]): { length: number; indices: number[] }[] {
  const groups = new Map<number, number[]>();
  for (const [at, row] of rows.entries()) {
    const length = bucketLength(row.length);
    const indices = groups.get(length);
    if (indices) indices.push(at);
    else groups.set(length, [at]);
  }
  return [...groups].map(([length, indices]) => ({ length, indices }));
}
