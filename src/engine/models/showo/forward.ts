/**
 * The transformer's forward pass: blocks over rows at explicit positions, with who sees whom given as data and, where
 * wanted, the keys and values of rows that came before. Rows of all sequences lie one behind the other.
 *
 * Source: spec/showo.md section 2; Show-o models/phi.py@45a5a2de.
 */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { embeddingRows } from "../../kernels/embeddingRows/embeddingRows.ts";
import { geluNew } from "../../kernels/geluNew/geluNew.ts";
import { type KeysAndValues, type PastRows, splitHeads } from "../../kernels/headRotary/headRotary.ts";
import { makeRotary, type Rotary } from "../../kernels/headRotary/rotary.ts";
import { omniAttention } from "../../kernels/omniAttention/omniAttention.ts";
import type { SequenceLayout } from "../../kernels/omniAttention/sequences.ts";
import { pickRows, type RowChoice } from "../../kernels/pickRows/pickRows.ts";
import { forkNorm, layerNorm } from "../../kernels/rowNorm/rowNorm.ts";
import { recomputed } from "../../nn/recomputed.ts";
import { takeRows } from "../../nn/takeRows.ts";
import { tidyAll } from "../../nn/tidy.ts";
import type { Block, ShowoNetwork } from "./weights.ts";

/** Keys and values of one layer, after norm and rotation. */
export type LayerCache = KeysAndValues;

/** Rows that came before, in all layers. */
export interface PastLayers extends Pick<PastRows, "sequences"> {
  /** [layers] of Rp rows. */
  readonly layers: readonly LayerCache[];
}

/** Which rows come out. */
export interface OutputRows {
  readonly rows: RowChoice;
  /** What they see: the last layer then computes nothing else. Absent: they are picked behind it, cheaper for most rows. */
  readonly layout?: SequenceLayout;
}

export interface ForwardInput {
  /** Embedded tokens [R, D]. */
  readonly embedded: tf.Tensor2D;
  /** [R] */
  readonly positions: ArrayLike<number>;
  /** Who sees whom: R rows, over the Rp rows of the past and themselves. */
  readonly layout: SequenceLayout;
  readonly past?: PastLayers;
  /** Absent: all. */
  readonly output?: OutputRows;
  /** Gradients flow into `embedded`. */
  readonly isEmbeddedTaped?: boolean;
  /** Keys and values of all layers come out. */
  readonly isCacheWanted?: boolean;
  /** The tape keeps each block's input and nothing else of it; not for a trainable network. */
  readonly isRecomputed?: boolean;
}

export interface ForwardOutput {
  /** After the final norm [rows, D]. */
  readonly hidden: tf.Tensor2D;
  /** [layers], of the Rp + R rows; empty where it is not wanted. */
  readonly cache: readonly LayerCache[];
}

/** What all blocks of one pass share. */
interface PassContext {
  readonly headCount: number;
  readonly rotary: Rotary;
  readonly layout: SequenceLayout;
}

/** Positions of `count` sequences of equal length. @returns [count·length], each sequence from `first` on */
export function countPositions(first: number, length: number, count: number): number[] {
  return Array.from({ length: count * length }, (_, row) => first + (row % length));
}

/** Rows of the embedding table. Taped when the table is trainable. @param ids [R] @returns [R, D] */
export function embed(network: ShowoNetwork, ids: Int32Array): tf.Tensor2D {
  const { embedding, isTrainable } = network;
  return isTrainable && embedding instanceof tf.Tensor
    ? takeRows(embedding, ids)
    : (embeddingRows(embedding, tf.tensor1d(ids, "int32")) as tf.Tensor2D);
}

/** Rows of the frozen embedding table. @param ids int32 of R elements @returns [R, D] */
export function embedIds(network: ShowoNetwork, ids: tf.Tensor): tf.Tensor2D {
  return embeddingRows(network.embedding, tf.reshape(ids, [-1])) as tf.Tensor2D;
}

/** How a block's run differs from its neighbours'. */
interface BlockRun {
  readonly past: PastRows | null;
  /** The only rows to compute, and what they see; null: all. */
  readonly kept: Required<OutputRows> | null;
  /** Nothing before the block needs a gradient. */
  readonly isConstant: boolean;
}

/** Queries of the rows, keys and values of these and those before. @param x the block's normed input [R, D] */
function projectHeads(
  block: Block,
  x: tf.Tensor2D,
  { rotary }: PassContext,
  { past, isConstant }: Pick<BlockRun, "past" | "isConstant">,
) {
  return splitHeads(block.qkv.apply(x, { isConstant }), rotary, block.headNorms(), past);
}

/**
 * The parallel block: h + dense(attention(x)) + fc2(gelu(fc1(x))), x = norm(h).
 * @param h [R, D] @returns [rows, D], and this pass' keys and values behind those of `past`
 */
function runBlock(
  block: Block,
  h: tf.Tensor2D,
  context: PassContext,
  run: BlockRun,
): { h: tf.Tensor2D; cache: LayerCache } {
  const { kept, isConstant } = run;
  const { normed, skip } = forkNorm(h, block.inputNorm);
  const [forHeads, forMlp] = normed;
  const { q, ...cache } = projectHeads(block, forHeads, context, run);
  const pick = (rows: tf.Tensor2D) => (kept ? pickRows(rows, kept.rows) : rows);
  const layout = kept?.layout ?? context.layout;
  const mixed = omniAttention(pick(q), cache.k, cache.v, context.headCount, layout);
  const attended = block.dense.apply(mixed, { residual: pick(skip) });
  const wide = geluNew(block.fc1.apply(pick(forMlp), { isConstant }));
  return { h: block.fc2.apply(wide, { residual: attended }), cache };
}

function contextOf({ config }: ShowoNetwork, { positions, layout }: ForwardInput): PassContext {
  return { headCount: config.headCount, rotary: makeRotary(positions, config.rotary), layout };
}

function pastOf(past: PastLayers | undefined, layer: number): PastRows | null {
  const cache = past?.layers[layer];
  return past && cache ? { ...cache, sequences: past.sequences } : null;
}

/**
 * A block that runs again when its gradient is due. By then a pass' shared tensors are gone, so each run makes its own.
 * @param h [R, D] @returns [rows, D]
 */
function recomputeBlock(
  block: Block,
  h: tf.Tensor2D,
  makeContext: () => PassContext,
  run: BlockRun,
): tf.Tensor2D {
  const { qkv, dense, fc1, fc2 } = block;
  const variables = [qkv, dense, fc1, fc2].flatMap((layer) => layer.learners());
  const again = (x: tf.Tensor | undefined) => {
    const kept = run.kept && { ...run.kept, layout: run.kept.layout.renew() };
    return runBlock(block, x as tf.Tensor2D, makeContext(), { ...run, kept }).h;
  };
  return run.isConstant
    ? recomputed({ inputs: [], constants: [h], variables }, (_, [x]) => again(x))
    : recomputed({ inputs: [h], variables }, ([x]) => again(x));
}

/**
 * Runs all blocks and the final norm. Taped in the adapters (and, where asked for, in `embedded`). Of a block nothing
 * stays but what comes out and what its gradient needs; ends and final norm are the caller's to tidy.
 */
export function runForward(network: ShowoNetwork, input: ForwardInput): ForwardOutput {
  const { blocks, isTrainable, finalNorm } = network;
  const { output, past, isCacheWanted = false, isRecomputed = false } = input;
  if (blocks.length === 0) throw new EngineError("badConfig", "A transformer needs at least one layer.");
  const context = contextOf(network, input);
  const kept = output?.layout ? { rows: output.rows, layout: output.layout } : null;
  const cache: LayerCache[] = [];
  let h = input.embedded;
  for (const [at, block] of blocks.entries()) {
    const run: BlockRun = {
      past: pastOf(past, at),
      kept: at === blocks.length - 1 ? kept : null,
      isConstant: at === 0 && !input.isEmbeddedTaped && !isTrainable,
    };
    const before = h;
    if (isRecomputed) {
      const makeContext = () => contextOf(network, { ...input, layout: input.layout.renew() });
      h = recomputeBlock(block, before, makeContext, run);
    } else if (isCacheWanted) {
      const done = tidyAll(() => runBlock(block, before, context, run));
      cache.push(done.cache);
      h = done.h;
    } else h = tf.tidy(() => runBlock(block, before, context, run).h);
    // The first is the caller's.
    if (at > 0) before.dispose();
  }
  const rows = output && !kept ? pickRows(h, output.rows) : h;
  return { hidden: layerNorm(rows, finalNorm), cache };
}

/**
 * Keys and values of all layers, for passes that need no gradient; the last layer computes nothing else. Intermediates
 * are the caller's to tidy.
 */
export function runPrefix(network: ShowoNetwork, input: ForwardInput): LayerCache[] {
  const { blocks } = network;
  const context = contextOf(network, input);
  const cache: LayerCache[] = [];
  let h = input.embedded;
  for (const [at, block] of blocks.entries()) {
    const run = { past: pastOf(input.past, at), kept: null, isConstant: true };
    const before = h;
    if (at === blocks.length - 1) {
      const { k, v } = tidyAll(() => projectHeads(block, layerNorm(before, block.inputNorm), context, run));
      cache.push({ k, v });
    } else {
      const done = tidyAll(() => runBlock(block, before, context, run));
      cache.push(done.cache);
      h = done.h;
    }
    if (at > 0) before.dispose();
  }
  return cache;
}
