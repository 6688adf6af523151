/**
 * Drawing: the text's keys and values are computed once per prompt and reused by every step, only the image's rows
 * run per step, and only its hidden positions reach the head.
 *
 * Rows are grouped by the padded length of their own prompt, so an image never depends on its neighbours.
 * Source: spec/showo.md 5.1 and the four consequences in section 3.
 */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { disposeAll, tidyAll } from "../../nn/tidy.ts";
import { createRng } from "../../rng.ts";
import type { StopSignal } from "../unified.ts";
import { embed, expandCache, type LayerCache, runForward, runPrefix } from "./forward.ts";
import { type DecodeState, decodeStep, pickByInversion, type StepNoise } from "./maskgit.ts";
import { padMask, stackMasks, textMask } from "./masks.ts";
import { groupByBucket, imageBlock, padLeft, unconditionalPrefix } from "./prompts.ts";
import { mergeAdapters, type ShowoNetwork } from "./weights.ts";

/** The images after a step, [B][N] each. */
export interface DrawProgress {
  readonly step: number;
  /** What the next step would start from, −1 where hidden; even the last step hides one code. */
  readonly codes: readonly Int32Array[];
  /** Complete: kept codes and this step's draws. The last step's are the result. */
  readonly sampled: readonly Int32Array[];
}

export interface DrawSettings {
  readonly steps: number;
  /** w in (1 + w)·conditional − w·unconditional. */
  readonly guidanceScale: number;
  readonly temperature: number;
  readonly signal?: StopSignal | undefined;
  readonly onStep?: ((progress: DrawProgress) => void) | undefined;
}

/** Noise of image `row` in a step. */
export type NoiseSource = (row: number, step: number) => StepNoise;

/** Keys and values of text prefixes, one row for each of B images. */
export interface PreparedPrefix {
  /** [layers], batch B. */
  readonly cache: readonly LayerCache[];
  /** P, padded length. */
  readonly length: number;
  /** Over prefix and image columns; null without pads. */
  readonly mask: tf.Tensor | null;
}

/** @throws EngineError("cancelled") once the signal is set */
export function checkCancelled(signal: StopSignal | undefined): void {
  if (signal?.aborted) throw new EngineError("cancelled", "Stopped on request.");
}

/** The noise that a seed stands for: the same on every backend and beside any neighbours. */
export function seededNoise(seeds: readonly string[], tokenCount: number): NoiseSource {
  return (row, step) => {
    const rng = createRng(seeds[row] ?? "", "draw", step);
    const uniforms = rng.uniforms(tokenCount);
    return {
      pickCode: (position, row) => pickByInversion(row, uniforms[position] ?? 0),
      confidence: rng.gumbel(tokenCount),
    };
  };
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
 * @param codes [B][N], −1 where hidden @returns [B, N, D], the image positions only; intermediates are the caller's
 */
export function runImageRows(
  network: ShowoNetwork,
  prefix: PreparedPrefix,
  codes: readonly ArrayLike<number>[],
): tf.Tensor3D {
  const { config } = network;
  const rowLength = config.imageTokenCount + 2;
  const ids = new Int32Array(codes.length * rowLength);
  for (const [at, row] of codes.entries()) ids.set(imageBlock(row, config), at * rowLength);
  const { hidden } = runForward(network, {
    embedded: embed(network, ids, codes.length),
    startPosition: prefix.length,
    mask: prefix.mask,
    past: prefix.cache,
    outputRows: { start: 1, count: config.imageTokenCount },
  });
  return hidden;
}

/** Flat indices of the hidden positions of all rows, ascending. */
function hiddenPositions(codes: readonly Int32Array[]): Int32Array {
  const positions: number[] = [];
  for (const [row, image] of codes.entries()) {
    for (const [position, code] of image.entries())
      if (code < 0) positions.push(row * image.length + position);
  }
  return Int32Array.from(positions);
}

/**
 * Logits over the image codes at the hidden positions, guidance applied.
 * @returns [M, K], M hidden positions of all rows in order, owned by the caller
 */
function hiddenLogits(
  network: ShowoNetwork,
  conditional: PreparedPrefix,
  unconditional: PreparedPrefix | null,
  codes: readonly Int32Array[],
  guidanceScale: number,
): tf.Tensor2D {
  const positions = tf.tensor1d(hiddenPositions(codes), "int32");
  const logitsBehind = (prefix: PreparedPrefix) => {
    const hidden = runImageRows(network, prefix, codes);
    const flat = tf.reshape(hidden, [-1, network.config.hiddenSize]);
    return network.imageHead.apply(tf.gather(flat, positions) as tf.Tensor2D);
  };
  const logits = logitsBehind(conditional);
  if (!unconditional) return logits;
  const pull = tf.mul(logitsBehind(unconditional), guidanceScale);
  return tf.sub(tf.mul(logits, 1 + guidanceScale), pull);
}

/** Rows that run together and what they stand behind. */
interface Batch {
  readonly conditional: PreparedPrefix;
  readonly unconditional: PreparedPrefix | null;
}

/** Images whose prefixes share a padded length. */
interface DrawGroup {
  /** Their indices in the request. */
  readonly rows: readonly number[];
  readonly batch: Batch;
  /** Before the first step images of one prompt are all alike: its distinct rows, and each image's among them. */
  readonly opening: { readonly batch: Batch; readonly indices: Int32Array };
  states: DecodeState[];
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

function prepareGroup(
  network: ShowoNetwork,
  prefixes: readonly (readonly number[])[],
  rows: readonly number[],
  length: number,
  { guidanceScale, temperature }: DrawSettings,
): DrawGroup {
  const own = rows.map((row) => prefixes[row] ?? []);
  const { distinct, indices } = dedupe(own);
  const blank = new Int32Array(network.config.imageTokenCount).fill(-1);
  return {
    rows,
    batch: tidyAll(() => prepareBatch(network, own, length, guidanceScale)),
    opening: { batch: tidyAll(() => prepareBatch(network, distinct, length, guidanceScale)), indices },
    states: rows.map(() => ({ codes: blank, temperature })),
  };
}

/** Downloads the logits at the hidden positions. @returns [M·K] */
async function readLogits(
  network: ShowoNetwork,
  { conditional, unconditional }: Batch,
  codes: readonly Int32Array[],
  guidanceScale: number,
): Promise<Float32Array> {
  const logits = tf.tidy(() => hiddenLogits(network, conditional, unconditional, codes, guidanceScale));
  const values = (await logits.data()) as Float32Array;
  logits.dispose();
  return values;
}

/** Each row's share of downloaded logits [M·K]. @param codes [B][N] they belong to @returns [B][hidden][K] */
function splitLogits(
  values: Float32Array,
  codes: readonly Int32Array[],
  codebookSize: number,
): Float32Array[][] {
  let taken = 0;
  return codes.map((row) =>
    Array.from({ length: row.filter((code) => code < 0).length }, () => {
      const start = taken * codebookSize;
      taken += 1;
      return values.subarray(start, start + codebookSize);
    }),
  );
}

/** One step of one group. @returns the group's images so far, complete */
async function stepGroup(
  network: ShowoNetwork,
  group: DrawGroup,
  noise: NoiseSource,
  step: number,
  { guidanceScale, steps }: DrawSettings,
): Promise<Int32Array[]> {
  const { codebookSize } = network.config;
  const codes = group.states.map((state) => state.codes);
  const { batch, indices } = step === 0 ? group.opening : { batch: group.batch, indices: null };
  const shown = indices ? codes.slice(0, Math.max(...indices) + 1) : codes;
  const values = await readLogits(network, batch, shown, guidanceScale);
  const logits = splitLogits(values, shown, codebookSize);
  const decoded = group.states.map((state, at) => {
    const own = logits[indices ? (indices[at] ?? 0) : at] ?? [];
    return decodeStep(state, own, noise(group.rows[at] ?? 0, step), step, steps);
  });
  group.states = decoded.map(({ state }) => state);
  return decoded.map(({ sampled }) => sampled);
}

/**
 * Draws one image per prefix.
 * @param prefixes [B] as `drawPrefix` makes them
 * @returns [B][N] codes
 * @throws EngineError("cancelled") within one step of the signal
 */
export async function drawCodes(
  network: ShowoNetwork,
  prefixes: readonly (readonly number[])[],
  noise: NoiseSource,
  settings: DrawSettings,
): Promise<Int32Array[]> {
  const merged = mergeAdapters(network);
  const groups: DrawGroup[] = [];
  const images: Int32Array[] = prefixes.map(() => new Int32Array(0));
  try {
    for (const { length, indices } of groupByBucket(prefixes)) {
      checkCancelled(settings.signal);
      groups.push(prepareGroup(merged.network, prefixes, indices, length, settings));
    }
    for (let step = 0; step < settings.steps; step++) {
      const codes: Int32Array[] = [...images];
      for (const group of groups) {
        checkCancelled(settings.signal);
        const sampled = await stepGroup(merged.network, group, noise, step, settings);
        for (const [at, row] of group.rows.entries()) {
          images[row] = sampled[at] ?? new Int32Array(0);
          codes[row] = group.states[at]?.codes ?? new Int32Array(0);
        }
      }
      settings.onStep?.({ step, codes, sampled: [...images] });
    }
    return images;
  } finally {
    for (const { batch, opening } of groups) disposeAll([batch, opening.batch]);
    merged.dispose();
  }
}
