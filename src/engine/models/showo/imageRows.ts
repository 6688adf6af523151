/**
 * The image's rows behind their text prefixes: prefixes run once per distinct prompt, their keys and values are shared by
 * all images and steps. Serves drawing and scoring alike.
 *
 * Source: spec/showo.md 5.1 and the four consequences in section 3.
 */
import * as tf from "@tensorflow/tfjs-core";
import { tidyAll } from "../../nn/tidy.ts";
import { checkCancelled, type DrawSettings } from "./drawSettings.ts";
import { embed, embedIds, expandCache, type LayerCache, runForward, runPrefix } from "./forward.ts";
import { padMask, stackMasks, textMask } from "./masks.ts";
import { groupByBucket, imageBlock, padLeft, unconditionalPrefix } from "./prompts.ts";
import type { ShowoNetwork } from "./weights.ts";

/** Keys and values of text prefixes, one row for each of B images. */
export interface PreparedPrefix {
  /** [layers], batch B. */
  readonly cache: readonly LayerCache[];
  /** P, padded length. */
  readonly length: number;
  /** Over prefix and image columns; null without pads. */
  readonly mask: tf.Tensor | null;
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

/**
 * Runs text prefixes, each distinct one once. Taped in the adapters.
 * @param prefixes [B] @param length P ≥ every prefix @returns intermediates are the caller's to tidy
 */
export function preparePrefix(
  network: ShowoNetwork,
  prefixes: readonly (readonly number[])[],
  length: number,
): PreparedPrefix {
  const { config } = network;
  const { distinct, indices } = dedupe(prefixes);
  const { ids, padCounts } = padLeft(distinct, length, config.special.pad);
  const masks = padCounts.map((pads) => textMask(length, pads));
  const cache = runPrefix(network, {
    embedded: embed(network, ids, distinct.length),
    startPosition: 0,
    mask: stackMasks(masks, length),
  });
  const isOneToOne = distinct.length === prefixes.length;
  const pads = Array.from(indices, (index) => padCounts[index] ?? 0);
  return {
    cache: isOneToOne ? cache : expandCache(cache, indices),
    length,
    mask: padMask(pads, length + config.imageTokenCount + 2),
  };
}

/**
 * Hidden states of the image rows (soi and eoi included) behind their prefixes. Taped in the adapters.
 * @param ids int32 [B, N + 2] @returns [B, N, D], the image positions only; intermediates are the caller's
 */
export function runImageIds(network: ShowoNetwork, prefix: PreparedPrefix, ids: tf.Tensor2D): tf.Tensor3D {
  const { hidden } = runForward(network, {
    embedded: embedIds(network, ids),
    startPosition: prefix.length,
    mask: prefix.mask,
    past: prefix.cache,
    outputRows: { start: 1, count: network.config.imageTokenCount },
  });
  return hidden;
}

/** `runImageIds` of codes. @param codes [B][N], −1 where hidden */
export function runImageRows(
  network: ShowoNetwork,
  prefix: PreparedPrefix,
  codes: readonly ArrayLike<number>[],
): tf.Tensor3D {
  const rowLength = network.config.imageTokenCount + 2;
  const ids = new Int32Array(codes.length * rowLength);
  for (const [at, row] of codes.entries()) ids.set(imageBlock(row, network.config), at * rowLength);
  return runImageIds(network, prefix, tf.tensor2d(ids, [codes.length, rowLength], "int32"));
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

/** One group for each padded length, made as they are taken. @throws EngineError("cancelled") between two of them */
export function* prepareGroups(
  network: ShowoNetwork,
  prefixes: readonly (readonly number[])[],
  { guidanceScale, signal }: DrawSettings,
): Generator<PreparedGroup> {
  for (const { length, indices: rows } of groupByBucket(prefixes)) {
    checkCancelled(signal);
    const own = rows.map((row) => prefixes[row] ?? []);
    const { distinct, indices } = dedupe(own);
    yield {
      rows,
      batch: tidyAll(() => prepareBatch(network, own, length, guidanceScale)),
      opening: { batch: tidyAll(() => prepareBatch(network, distinct, length, guidanceScale)), indices },
    };
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
