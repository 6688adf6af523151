/**
 * The image's rows behind their text prefixes: prefixes run once per distinct prompt, their keys and values are shared by
 * all images and steps. Drawing keeps them; scoring runs prefixes and images together (`scores.ts`).
 *
 * Source: spec/showo.md 5.1 and the four consequences in section 3.
 */
import * as tf from "@tensorflow/tfjs-core";
import { SequenceLayout } from "../../kernels/omniAttention/sequences.ts";
import { tidyAll } from "../../nn/tidy.ts";
import type { ShowoConfig } from "./config.ts";
import { checkCancelled, type DrawSettings } from "./drawSettings.ts";
import { countPositions, embed, embedIds, type LayerCache, runForward, runPrefix } from "./forward.ts";
import { imagesLayout, imageTokens, type TextRows, textBlock } from "./layouts.ts";
import { groupByBucket, imageBlock, padLeft, unconditionalPrefix } from "./prompts.ts";
import type { ShowoNetwork } from "./weights.ts";

/** Keys and values of text prefixes and what the images behind them see. */
export interface PreparedPrefix {
  /** [layers] of U·P rows. */
  readonly cache: readonly LayerCache[];
  readonly text: TextRows;
  /** Of B images' rows. */
  readonly layout: SequenceLayout;
}

/** Rows that are equal share one entry. @returns the distinct rows and, for each row, which of them it is */
export function dedupe(rows: readonly (readonly number[])[]): {
  distinct: (readonly number[])[];
  indices: Int32Array;
} {
  const places = new Map<string, number>();
  const distinct: (readonly number[])[] = [];
  const indices = Int32Array.from(rows, (row) => {
    const key = row.join();
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, distinct.length);
    distinct.push(row);
    return distinct.length - 1;
  });
  return { distinct, indices };
}

/** @param prefixes [B] @param length P ≥ every prefix */
export function padTexts(
  { special }: ShowoConfig,
  prefixes: readonly (readonly number[])[],
  length: number,
): TextRows {
  const { distinct, indices } = dedupe(prefixes);
  return { ...padLeft(distinct, length, special.pad), of: indices };
}

/** Runs text prefixes. On no tape. @param prefixes [B] @param length P ≥ every prefix @returns intermediates are the caller's to tidy */
export function preparePrefix(
  network: ShowoNetwork,
  prefixes: readonly (readonly number[])[],
  length: number,
): PreparedPrefix {
  const text = padTexts(network.config, prefixes, length);
  const block = textBlock(text);
  const cache = runPrefix(network, {
    embedded: embed(network, text.ids),
    positions: countPositions(0, length, block.count),
    layout: new SequenceLayout([block], text.ids.length),
  });
  return { cache, text, layout: imagesLayout(text, network.config) };
}

/** The same prefixes for other images. @param of [B] whose text each follows @returns shares the cache */
function continueWith(prefix: PreparedPrefix, of: Int32Array, config: ShowoConfig): PreparedPrefix {
  const text = { ...prefix.text, of };
  return { ...prefix, text, layout: imagesLayout(text, config) };
}

/**
 * Hidden states of images (soi and eoi included in the ids) behind their prefixes.
 * @param ids int32 [B, N + 2] @returns [B·N, D], the image positions only; intermediates are the caller's
 */
export function runImageIds(network: ShowoNetwork, prefix: PreparedPrefix, ids: tf.Tensor2D): tf.Tensor2D {
  const { length, of } = prefix.text;
  const { hidden } = runForward(network, {
    embedded: embedIds(network, ids),
    positions: countPositions(length, ids.shape[1], of.length),
    layout: prefix.layout,
    past: { layers: prefix.cache, sequences: 1 },
    output: { rows: imageTokens(0, of.length, network.config) },
  });
  return hidden;
}

/** Ids of images' rows, one image behind the other. @param codes [B][N], −1 where hidden @returns [B·(N + 2)] */
export function stackImages(codes: readonly ArrayLike<number>[], config: ShowoConfig): Int32Array {
  return Int32Array.from(codes.flatMap((row) => [...imageBlock(row, config)]));
}

/** `runImageIds` of codes. @param codes [B][N], −1 where hidden */
export function runImageRows(
  network: ShowoNetwork,
  prefix: PreparedPrefix,
  codes: readonly ArrayLike<number>[],
): tf.Tensor2D {
  const ids = stackImages(codes, network.config);
  return runImageIds(network, prefix, tf.tensor2d(ids, [codes.length, ids.length / codes.length], "int32"));
}

/** Rows that run together and what they stand behind. */
export interface Batch {
  readonly conditional: PreparedPrefix;
  readonly unconditional: PreparedPrefix | null;
}

/** Images whose prefixes share a padded length, ready to be drawn. Dispose the batches. */
export interface PreparedGroup {
  /** Their indices in the request. */
  readonly rows: readonly number[];
  readonly batch: Batch;
  /** Before the first step images of one prompt are all alike: its distinct rows, and each image's among them. */
  readonly opening: { readonly batch: Batch; readonly indices: Int32Array };
}

function prepareBatch(
  network: ShowoNetwork,
  prefixes: readonly (readonly number[])[],
  length: number,
  guidanceScale: number,
): Batch {
  const empty = unconditionalPrefix(network.config);
  const empties = prefixes.map(() => empty);
  return {
    conditional: preparePrefix(network, prefixes, length),
    unconditional: guidanceScale === 0 ? null : preparePrefix(network, empties, empty.length),
  };
}

/** One image for each distinct prompt of a batch. */
function openBatch({ conditional, unconditional }: Batch, config: ShowoConfig): Batch {
  const texts = Int32Array.from(conditional.text.padCounts.keys());
  return {
    conditional: continueWith(conditional, texts, config),
    unconditional: unconditional && continueWith(unconditional, new Int32Array(texts.length), config),
  };
}

/** One group for each padded length, made as they are taken. @throws EngineError("cancelled") between two of them */
export function* prepareGroups(
  network: ShowoNetwork,
  prefixes: readonly (readonly number[])[],
  { guidanceScale, signal }: DrawSettings,
): Generator<PreparedGroup> {
  for (const { length, indices: rows } of groupByBucket(prefixes)) {
    checkCancelled(signal);
    const own = rows.map((row) => prefixes[row] ?? []);
    yield tidyAll(() => {
      const batch = prepareBatch(network, own, length, guidanceScale);
      const indices = batch.conditional.text.of;
      return { rows, batch, opening: { batch: openBatch(batch, network.config), indices } };
    });
  }
}

/** Guided logits from states behind both prefixes: (1 + w)·conditional − w·unconditional. */
export function guidedLogits(
  { conditional, unconditional }: Batch,
  guidanceScale: number,
  logitsBehind: (prefix: PreparedPrefix) => tf.Tensor2D,
): tf.Tensor2D {
  const logits = logitsBehind(conditional);
  if (!unconditional) return logits;
  const pull = tf.mul(logitsBehind(unconditional), guidanceScale);
  return tf.sub(tf.mul(logits, 1 + guidanceScale), pull);
}
