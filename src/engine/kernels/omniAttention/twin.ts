/** Attention from stock ops, block by block: keeps the probabilities of all pairs. */
import * as tf from "@tensorflow/tfjs-core";
import { keyRowsOf, maskTable, type SequenceBlock } from "./sequences.ts";

/** q [R, D], k and v [K, D]. */
export interface AttentionInputs<T = tf.Tensor> {
  readonly q: T;
  readonly k: T;
  readonly v: T;
}

/** What the twins know of a call: H, the blocks, and their masks where there are some. */
export interface TwinCall {
  readonly heads: number;
  readonly blocks: readonly SequenceBlock[];
  /** Of the blocks that have ranges, in order; empty: made anew. */
  readonly masks: readonly tf.Tensor[];
}

/** [B, L, H, hd] ↔ [B, H, L, hd] */
const swap = (x: tf.Tensor): tf.Tensor4D => tf.transpose(x, [0, 2, 1, 3]) as tf.Tensor4D;

/** Some rows, or all without a copy. */
function rowsOf(x: tf.Tensor, start: number, count: number): tf.Tensor2D {
  const [rows = 0, width = 0] = x.shape;
  return count === rows ? (x as tf.Tensor2D) : tf.slice(x as tf.Tensor2D, [start, 0], [count, width]);
}

function isInOrder(of: Int32Array, count: number): boolean {
  return of.length === count && of.every((prefix, sequence) => prefix === sequence);
}

/** A block's keys or values, the prefix first. @returns [B, H, columns, hd] */
function gatherKeys(x: tf.Tensor, block: SequenceBlock, heads: number): tf.Tensor4D {
  const { count, keyStart, keys, prefix } = block;
  const width = x.shape[1] ?? 0;
  const rows = prefix
    ? tf.gather(x, tf.tensor1d(keyRowsOf(block), "int32"))
    : rowsOf(x, keyStart, count * keys);
  return swap(tf.reshape(rows, [count, -1, heads, width / heads]));
}

/** Sums each prefix's rows over the sequences that share it. @param dx [B, P, D] @returns [U·P, D] */
function sumShared(dx: tf.Tensor3D, of: Int32Array, count: number): tf.Tensor2D {
  const [sequences, length, width] = dx.shape;
  if (isInOrder(of, count)) return tf.reshape(dx, [-1, width]);
  const selection = new Float32Array(count * sequences);
  for (const [sequence, prefix] of of.entries()) selection[prefix * sequences + sequence] = 1;
  const sums = tf.matMul(
    tf.tensor2d(selection, [count, sequences]),
    tf.reshape(dx, [sequences, length * width]),
  );
  return tf.reshape(sums, [-1, width]);
}

/** Rows of a gradient and where they belong. */
interface Piece {
  readonly start: number;
  readonly rows: tf.Tensor2D;
}

/** The gradient of `gatherKeys`. @param dx [B, H, columns, hd] */
function scatterKeys(dx: tf.Tensor4D, { keyStart, keys, prefix }: SequenceBlock, width: number): Piece[] {
  const [count, , columns] = dx.shape;
  const flat = tf.reshape(swap(dx), [count, columns, width]) as tf.Tensor3D;
  if (!prefix) return [{ start: keyStart, rows: tf.reshape(flat, [-1, width]) }];
  const cut = (start: number, size: number) => tf.slice(flat, [0, start, 0], [count, size, width]);
  return [
    { start: prefix.start, rows: sumShared(cut(0, prefix.length), prefix.of, prefix.count) },
    { start: keyStart, rows: tf.reshape(cut(prefix.length, keys), [-1, width]) },
  ];
}

/** Pieces that begin at the same row are of the same rows and add up; what no piece covers is 0. @returns [K, D] */
function assemble(pieces: readonly Piece[], keyRows: number, width: number): tf.Tensor2D {
  const sums = new Map<number, tf.Tensor2D>();
  for (const { start, rows } of pieces) {
    const known = sums.get(start);
    sums.set(start, known ? tf.add(known, rows) : rows);
  }
  const parts: tf.Tensor2D[] = [];
  let end = 0;
  const fillTo = (row: number) => {
    if (row > end) parts.push(tf.zeros([row - end, width]));
  };
  for (const [start, rows] of [...sums].sort(([a], [b]) => a - b)) {
    fillTo(start);
    parts.push(rows);
    end = start + rows.shape[0];
  }
  fillTo(keyRows);
  const [first] = parts;
  return parts.length === 1 && first ? first : tf.concat(parts);
}

/** Empties the rows that see nothing, which softmax would give the mean of all. @param x [B, H, Q, hd] */
function emptyBlindRows(x: tf.Tensor4D, block: SequenceBlock): tf.Tensor4D {
  const { ranges, count } = block;
  const rows = (ranges?.length ?? 0) / 2 / count;
  const sight = Float32Array.from({ length: count * rows }, (_, at) =>
    ranges && (ranges[2 * at] ?? 0) < (ranges[2 * at + 1] ?? 0) ? 1 : 0,
  );
  return sight.includes(0) ? tf.mul(x, tf.tensor4d(sight, [count, 1, rows, 1])) : x;
}

/** A block's queries, or a tensor like them. @returns [B, H, Q, hd] */
function splitQueries(
  x: tf.Tensor,
  { count, queries }: SequenceBlock,
  start: number,
  heads: number,
): tf.Tensor4D {
  const own = rowsOf(x, start, count * queries);
  return swap(tf.reshape(own, [count, queries, heads, (x.shape[1] ?? 0) / heads]));
}

/** Calls `compute` for each block. @returns what it returns, in order */
function eachBlock<T>(
  { blocks, masks }: TwinCall,
  compute: (block: SequenceBlock, start: number, mask: tf.Tensor | null, at: number) => T,
): T[] {
  let [start, used] = [0, 0];
  return blocks.map((block, at) => {
    const result = compute(block, start, block.ranges ? (masks[used] ?? maskTable(block)) : null, at);
    start += block.count * block.queries;
    if (block.ranges) used += 1;
    return result;
  });
}

function joinRows(parts: readonly tf.Tensor[]): tf.Tensor {
  const [first] = parts;
  return parts.length === 1 && first ? first : tf.concat(parts as tf.Tensor2D[]);
}

/** @returns output [R, D], then probabilities [B, H, Q, columns] of each block, those of rows that see nothing being of no use */
export function attend({ q, k, v }: AttentionInputs, call: TwinCall): tf.Tensor[] {
  const { heads } = call;
  const width = q.shape[1] ?? 0;
  const parts = eachBlock(call, (block, start, mask) => {
    const scale = 1 / Math.sqrt(width / heads);
    const scores = tf.mul(
      tf.matMul(splitQueries(q, block, start, heads), gatherKeys(k, block, heads), false, true),
      scale,
    );
    const probs = tf.softmax(mask ? tf.add(scores, mask) : scores);
    const mixed = emptyBlindRows(tf.matMul(probs, gatherKeys(v, block, heads)) as tf.Tensor4D, block);
    return { output: tf.reshape(swap(mixed), [-1, width]), probs };
  });
  return [joinRows(parts.map(({ output }) => output)), ...parts.map(({ probs }) => probs)];
}

/** @param probs of each block, as above @returns [dq, dk, dv] in the layout of q, k and v */
export function attendGradients(
  { q, k, v, output, dy }: AttentionInputs & { readonly output: tf.Tensor; readonly dy: tf.Tensor },
  probs: readonly tf.Tensor[],
  call: TwinCall,
): tf.Tensor[] {
  const { heads } = call;
  const [keyRows = 0, width = 0] = k.shape;
  const scale = 1 / Math.sqrt(width / heads);
  // Σ_j p_j·dp_j = Σ_d y_d·dy_d: the shorter sum. [R, H]
  const sums = tf.sum(tf.reshape(tf.mul(dy, output), [-1, heads, width / heads]), -1);
  const parts = eachBlock(call, (block, start, _, at) => {
    const own = probs[at] as tf.Tensor4D;
    const upstream = emptyBlindRows(splitQueries(dy, block, start, heads), block);
    const dProbs = tf.matMul(upstream, gatherKeys(v, block, heads), false, true);
    const along = splitQueries(sums, block, start, heads);
    const dScores = tf.mul(tf.mul(tf.sub(dProbs, along), own), scale) as tf.Tensor4D;
    const dk = tf.matMul(dScores, splitQueries(q, block, start, heads), true) as tf.Tensor4D;
    const dv = tf.matMul(own, upstream, true) as tf.Tensor4D;
    return {
      dq: tf.reshape(swap(tf.matMul(dScores, gatherKeys(k, block, heads))), [-1, width]),
      dk: scatterKeys(dk, block, width),
      dv: scatterKeys(dv, block, width),
    };
  });
  return [
    joinRows(parts.map(({ dq }) => dq)),
    assemble(
      parts.flatMap(({ dk }) => dk),
      keyRows,
      width,
    ),
    assemble(
      parts.flatMap(({ dv }) => dv),
      keyRows,
      width,
    ),
  ];
}
