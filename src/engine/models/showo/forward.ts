/**
 * The transformer's forward pass: blocks over rows at explicit positions, with a mask given as data and, where
 * wanted, the keys and values of rows that came before.
 *
 * Source: spec/showo.md section 2; Show-o models/phi.py@45a5a2de.
 */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { embeddingRows } from "../../kernels/embeddingRows/embeddingRows.ts";
import { geluNew } from "../../kernels/geluNew/geluNew.ts";
import { rotateHeads } from "../../kernels/headRotary/headRotary.ts";
import { makeRotary, type Rotary } from "../../kernels/headRotary/rotary.ts";
import { keepMaskRows } from "../../kernels/omniAttention/attentionMask.ts";
import { omniAttention } from "../../kernels/omniAttention/omniAttention.ts";
import { layerNorm } from "../../kernels/rowNorm/rowNorm.ts";
import { takeRows } from "../../nn/takeRows.ts";
import type { Block, ShowoNetwork } from "./weights.ts";

/** Keys and values of one layer, after norm and rotation: [B, L, H, hd] each. */
export interface LayerCache {
  readonly k: tf.Tensor4D;
  readonly v: tf.Tensor4D;
}

/** Which rows of the input come out; the last layer computes nothing else. */
export interface OutputRows {
  readonly start: number;
  readonly count: number;
}

export interface ForwardInput {
  /** Embedded tokens [B, L, D]. */
  readonly embedded: tf.Tensor3D;
  /** Position of the first row; the others follow on. */
  readonly startPosition: number;
  /** As `attentionMask` makes it, over P + L columns, P rows from `past`; null: everything sees everything. */
  readonly mask: tf.Tensor | null;
  /** [layers], keys and values of the P rows before, batch B. */
  readonly past?: readonly LayerCache[];
  readonly outputRows?: OutputRows;
  /** Gradients flow into `embedded`. */
  readonly isEmbeddedTaped?: boolean;
}

export interface ForwardOutput {
  /** After the final norm [B, rows, D]. */
  readonly hidden: tf.Tensor3D;
  /** [layers], of the P + L rows. */
  readonly cache: readonly LayerCache[];
}

/** What all blocks of one pass share. */
interface PassContext {
  readonly headCount: number;
  readonly rotary: Rotary;
  readonly mask: tf.Tensor | null;
}

/** Rows of the embedding table. Taped when the table is trainable. @param ids [B·L] @returns [B, L, D] */
export function embed(network: ShowoNetwork, ids: Int32Array, batch: number): tf.Tensor3D {
  const { embedding, isTrainable } = network;
  const rows =
    isTrainable && embedding instanceof tf.Tensor
      ? takeRows(embedding, ids)
      : embeddingRows(embedding, tf.tensor1d(ids, "int32"));
  return tf.reshape(rows, [batch, ids.length / batch, network.config.hiddenSize]);
}

/** Rows of the frozen embedding table. @param ids int32 [B, L] @returns [B, L, D] */
export function embedIds(network: ShowoNetwork, ids: tf.Tensor2D): tf.Tensor3D {
  return embeddingRows(network.embedding, ids) as tf.Tensor3D;
}

function flatten(x: tf.Tensor): tf.Tensor2D {
  return tf.reshape(x, [-1, x.shape[x.rank - 1] ?? 1]);
}

/** @param x [B·L, D] @returns [B, L, H, hd] */
function splitHeads(x: tf.Tensor2D, batch: number, headCount: number): tf.Tensor4D {
  return tf.reshape(x, [batch, -1, headCount, x.shape[1] / headCount]);
}

/** Keeps some rows of each sequence. @param x [B·L, D] @returns [B·count, D] */
function keepRows(x: tf.Tensor2D, batch: number, { start, count }: OutputRows): tf.Tensor2D {
  const [rows, width] = x.shape;
  if (count * batch === rows) return x;
  const kept = tf.slice(tf.reshape(x, [batch, rows / batch, width]), [0, start, 0], [batch, count, width]);
  return flatten(kept);
}

function keepRotary(rotary: Rotary, { start, count }: OutputRows): Rotary {
  const part = (table: tf.Tensor3D) => tf.slice(table, [start, 0, 0], [count, 1, table.shape[2]]);
  return { ...rotary, cos: part(rotary.cos), sin: part(rotary.sin) };
}

/** This pass' keys and values behind those of `past`. @param x normed input [B·L, D] */
function cacheLayer(
  block: Block,
  x: tf.Tensor2D,
  batch: number,
  { headCount, rotary }: PassContext,
  past: LayerCache | undefined,
  isConstant: boolean,
): LayerCache {
  const keys = rotateHeads(block.key.apply(x, isConstant), rotary, block.keyNorm);
  const k = splitHeads(keys, batch, headCount);
  const v = splitHeads(block.value.apply(x, isConstant), batch, headCount);
  return past ? { k: tf.concat([past.k, k], 1), v: tf.concat([past.v, v], 1) } : { k, v };
}

/**
 * The parallel block: h + dense(attention(x)) + fc2(gelu(fc1(x))), x = norm(h).
 * @param h [B·rows, D] the rows that come out @param x their norm @param rotary of these rows
 */
function finishBlock(
  block: Block,
  h: tf.Tensor2D,
  x: tf.Tensor2D,
  batch: number,
  { k, v }: LayerCache,
  { headCount, rotary, mask }: PassContext,
  isConstant: boolean,
): tf.Tensor2D {
  const queries = rotateHeads(block.query.apply(x, isConstant), rotary, block.queryNorm);
  const mixed = omniAttention(splitHeads(queries, batch, headCount), k, v, mask);
  const attended = block.dense.apply(tf.reshape(mixed, h.shape) as tf.Tensor2D);
  const transformed = block.fc2.apply(geluNew(block.fc1.apply(x, isConstant)));
  return tf.add(tf.add(attended, transformed), h);
}

/**
 * Runs the blocks.
 * @param lastRows rows that leave the last block; null: the last block stops after its keys and values
 * @returns the last block's output [B·rows, D], or null
 */
function runBlocks(
  network: ShowoNetwork,
  input: ForwardInput,
  lastRows: OutputRows | null,
): { h: tf.Tensor2D | null; cache: LayerCache[] } {
  const { config, blocks } = network;
  const [batch, length] = input.embedded.shape;
  const positions = Array.from({ length }, (_, row) => input.startPosition + row);
  const rotary = makeRotary(positions, config.rotary);
  const context: PassContext = { headCount: config.headCount, rotary, mask: input.mask };
  const cache: LayerCache[] = [];
  let h: tf.Tensor2D = flatten(input.embedded);
  for (const [at, block] of blocks.entries()) {
    const isConstant = at === 0 && !input.isEmbeddedTaped && !network.isTrainable;
    const x = layerNorm(h, block.inputNorm);
    const layer = cacheLayer(block, x, batch, context, input.past?.[at], isConstant);
    cache.push(layer);
    if (at < blocks.length - 1) {
      h = finishBlock(block, h, x, batch, layer, context, isConstant);
    } else if (lastRows) {
      const mask = input.mask && keepMaskRows(input.mask, lastRows.start, lastRows.count);
      const own = { ...context, rotary: keepRotary(rotary, lastRows), mask };
      const [keptH, keptX] = [keepRows(h, batch, lastRows), keepRows(x, batch, lastRows)];
      return { h: finishBlock(block, keptH, keptX, batch, layer, own, isConstant), cache };
    }
  }
  return { h: null, cache };
}

/**
 * Runs all blocks and the final norm. Taped in the adapters (and, where asked for, in `embedded`). Intermediates are
 * the caller's to tidy.
 */
export function runForward(network: ShowoNetwork, input: ForwardInput): ForwardOutput {
  const [batch, length, width] = input.embedded.shape;
  const outputRows = input.outputRows ?? { start: 0, count: length };
  const { h, cache } = runBlocks(network, input, outputRows);
  if (!h) throw new EngineError("badConfig", "A transformer needs at least one layer.");
  return { hidden: tf.reshape(layerNorm(h, network.finalNorm), [batch, outputRows.count, width]), cache };
}

/** Keys and values of all layers, and nothing that only an output would need. Intermediates are the caller's to tidy. */
export function runPrefix(network: ShowoNetwork, input: ForwardInput): LayerCache[] {
  return runBlocks(network, input, null).cache;
}

/** Copies each row's cache to the rows that use it. Taped. @param indices [B] rows of the cache */
export function expandCache(cache: readonly LayerCache[], indices: Int32Array): LayerCache[] {
  return cache.map(({ k, v }) => ({ k: takeRows(k, indices), v: takeRows(v, indices) }));
}

export function disposeCache(cache: readonly LayerCache[]): void {
  for (const { k, v } of cache) tf.dispose([k, v]);
}
