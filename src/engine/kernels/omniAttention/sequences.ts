/**
 * Who sees whom, as data in the form that the current backend's kernel reads: queries and keys are long lists of rows, cut
 * into sequences; a row sees one stretch of its sequence, and before it of a prefix that sequences may share.
 */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { runsShaders } from "../defineOp.ts";

/** Added to the scores of forbidden pairs: softmax gives exactly 0. */
export const FORBIDDEN = -1e30;

/** Rows that sequences of a block see before their own. */
export interface SharedPrefix {
  /** First key row of the first prefix. */
  readonly start: number;
  /** U, prefixes one behind the other. */
  readonly count: number;
  /** P, rows of each. */
  readonly length: number;
  /** [B] whose prefix each sequence continues. */
  readonly of: Int32Array;
}

/** Sequences of equal lengths. Columns are the rows of the prefix, then those of the sequence's own keys. */
export interface SequenceBlock {
  /** B */
  readonly count: number;
  /** Q, query rows of each, one sequence behind the other and behind the blocks before. */
  readonly queries: number;
  /** First key row of the first sequence. */
  readonly keyStart: number;
  /** Own key rows of each, one sequence behind the other. */
  readonly keys: number;
  readonly prefix?: SharedPrefix;
  /**
   * [B·Q·2], or [B·2] where all of a sequence see the same: first column seen and the one behind the last; the same twice
   * for a row that sees nothing, whose output and gradients are 0. Null: everything sees all columns.
   */
  readonly ranges: Int32Array | null;
}

/** Columns of a block. */
export function columnsOf({ keys, prefix }: SequenceBlock): number {
  return (prefix?.length ?? 0) + keys;
}

/** The key row of each column of each sequence. @returns [B·columns] */
export function keyRowsOf(block: SequenceBlock): Int32Array {
  const { count, keyStart, keys, prefix } = block;
  const [shared, columns] = [prefix?.length ?? 0, columnsOf(block)];
  const rows = new Int32Array(count * columns);
  for (let sequence = 0; sequence < count; sequence++) {
    const before = (prefix?.start ?? 0) + (prefix?.of[sequence] ?? 0) * shared;
    const own = keyStart + sequence * keys - shared;
    for (let column = 0; column < columns; column++) {
      rows[sequence * columns + column] = (column < shared ? before : own) + column;
    }
  }
  return rows;
}

/** What a query row sees. @param sequence of the block @param row of the sequence @returns first column, and the one behind the last */
export function rangeOf(block: SequenceBlock, sequence: number, row: number): readonly [number, number] {
  const { ranges, count, queries } = block;
  if (!ranges) return [0, columnsOf(block)];
  const at = ranges.length === 2 * count ? sequence : sequence * queries + row;
  return [ranges[2 * at] ?? 0, ranges[2 * at + 1] ?? 0];
}

function checkBlock(block: SequenceBlock, keyRows: number): void {
  const { count, queries, keyStart, keys, prefix, ranges } = block;
  const columns = columnsOf(block);
  const isThere =
    keyStart + count * keys <= keyRows &&
    (!prefix ||
      (prefix.start + prefix.count * prefix.length <= keyRows &&
        prefix.of.length === count &&
        prefix.of.every((of) => of >= 0 && of < prefix.count)));
  if (!isThere || (ranges && ranges.length !== 2 * count && ranges.length !== 2 * count * queries)) {
    throw new EngineError(
      "badInput",
      `${count} sequences of ${queries} rows over ${columns} columns do not fit ${keyRows} keys, or their ranges.`,
    );
  }
  for (let at = 0; at < (ranges?.length ?? 0); at += 2) {
    const [first = 0, end = 0] = ranges?.subarray(at, at + 2) ?? [];
    if (first < 0 || first > end || end > columns) {
      throw new EngineError(
        "badInput",
        `Row ${at / 2} sees columns ${first} to ${end} of ${columns}: backwards, or some that are not there.`,
      );
    }
  }
}

/** A block's mask for the twin: 0 or `FORBIDDEN`. @returns [B, 1, Q or 1, columns], owned by the caller */
export function maskTable(block: SequenceBlock): tf.Tensor4D | null {
  const { ranges, count } = block;
  if (!ranges) return null;
  const columns = columnsOf(block);
  const rows = ranges.length / 2 / count;
  const values = new Float32Array(count * rows * columns).fill(FORBIDDEN);
  for (let row = 0; row < count * rows; row++) {
    values.fill(0, row * columns + (ranges[2 * row] ?? 0), row * columns + (ranges[2 * row + 1] ?? 0));
  }
  return tf.tensor4d(values, [count, 1, rows, columns]);
}

/**
 * For the shaders: of each query row the two stretches of key rows that it sees, [first, end, first, end], then of each
 * key row the stretch of query rows outside of which nobody sees it, [first, end].
 */
function rowRanges(blocks: readonly SequenceBlock[], queryRows: number, keyRows: number): Int32Array {
  const values = new Int32Array(4 * queryRows + 2 * keyRows);
  const seers = values.subarray(4 * queryRows);
  let query = 0;
  const see = (first: number, end: number) => {
    for (let key = first; key < end; key++) {
      // An end of 0: nobody yet.
      if (seers[2 * key + 1] === 0) seers[2 * key] = query;
      seers[2 * key + 1] = query + 1;
    }
  };
  for (const block of blocks) {
    const { count, queries, keyStart, keys, prefix } = block;
    const shared = prefix?.length ?? 0;
    for (let sequence = 0; sequence < count; sequence++) {
      // Where column 0 would be, were all columns the prefix's, or the sequence's own.
      const before = (prefix?.start ?? 0) + (prefix?.of[sequence] ?? 0) * shared;
      const own = keyStart + sequence * keys - shared;
      for (let row = 0; row < queries; row++) {
        const [first, end] = rangeOf(block, sequence, row);
        const stretches = [
          before + Math.min(first, shared),
          before + Math.min(end, shared),
          own + Math.max(first, shared),
          own + Math.max(end, shared),
        ] as const;
        values.set(stretches, 4 * query);
        see(stretches[0], stretches[1]);
        see(stretches[2], stretches[3]);
        query += 1;
      }
    }
  }
  return values;
}

/** Who sees whom in one pass, shared by its layers. Its tensors are the caller's to dispose. */
export class SequenceLayout {
  readonly queryRows: number;
  readonly keyRows: number;
  /** int32 [4·queryRows + 2·keyRows] on WebGPU, else the mask of every block that has one. */
  readonly tensors: readonly tf.Tensor[];
  // Private, so that who looks for tensors does not search them.
  readonly #blocks: readonly SequenceBlock[];

  /**
   * @param blocks one or two, in the order of their query rows @param keyRows K
   * @throws EngineError("badInput") for rows that are not there, or a range that ends before it begins
   */
  constructor(blocks: readonly SequenceBlock[], keyRows: number) {
    if (blocks.length < 1 || blocks.length > 2) {
      throw new EngineError("badInput", `A layout has one block or two, not ${blocks.length}.`);
    }
    for (const block of blocks) checkBlock(block, keyRows);
    this.#blocks = blocks;
    this.queryRows = blocks.reduce((total, { count, queries }) => total + count * queries, 0);
    this.keyRows = keyRows;
    this.tensors = runsShaders()
      ? [tf.tensor1d(rowRanges(blocks, this.queryRows, keyRows), "int32")]
      : blocks.flatMap((block) => maskTable(block) ?? []);
  }

  /** The same with tensors of its own. */
  renew(): SequenceLayout {
    return new SequenceLayout(this.#blocks, this.keyRows);
  }

  get blocks(): readonly SequenceBlock[] {
    return this.#blocks;
  }

  /** Query rows of the longest sequence. */
  get longest(): number {
    return Math.max(...this.#blocks.map(({ queries }) => queries));
  }
}
