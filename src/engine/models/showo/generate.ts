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
import { padMask, textMask, toAdditiveMask } from "./masks.ts";
import { groupByBucket, imageBlock, padLeft, unconditionalPrefix } from "./prompts.ts";
import type { ShowoNetwork } from "./weights.ts";

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
  /** [B, 1, 1, P + N + 2] over prefix and image columns, or null without pads. */
  readonly mask: tf.Tensor4D | null;
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
      pickCode: (position, logits) => pickByInversion(logits, uniforms[position] ?? 0),
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
    mask: toAdditiveMask(masks, length, length),
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

/** Images whose prefixes share a padded length. */
interface DrawGroup {
  /** Their indices in the request. */
  readonly rows: readonly number[];
  readonly conditional: PreparedPrefix;
  readonly unconditional: PreparedPrefix | null;
  states: DecodeState[];
}

function prepareGroup(
  network: ShowoNetwork,
  prefixes: readonly (readonly number[])[],
  rows: readonly number[],
  length: number,
  { guidanceScale, temperature }: DrawSettings,
): DrawGroup {
  const { config } = network;
  const prepared = tidyAll(() => {
    const own = rows.map((row) => prefixes[row] ?? []);
    const empty = unconditionalPrefix(config);
    return {
      conditional: preparePrefix(network, own, length),
      unconditional:
        guidanceScale === 0 ? null : preparePrefix(network, Array(rows.length).fill(empty), empty.length),
    };
  });
  const blank = new Int32Array(config.imageTokenCount).fill(-1);
  return { rows, ...prepared, states: rows.map(() => ({ codes: blank, temperature })) };
}

/** One step of one group. @returns the group's images so far, complete */
async function stepGroup(
  network: ShowoNetwork,
  group: DrawGroup,
  noise: NoiseSource,
  step: number,
  { guidanceScale, steps }: DrawSettings,
): Promise<Int32Array[]> {
  const codes = group.states.map((state) => state.codes);
  const logits = tf.tidy(() =>
    hiddenLogits(network, group.conditional, group.unconditional, codes, guidanceScale),
  );
  const values = (await logits.data()) as Float32Array;
  logits.dispose();
  const decoded = decodeRows(group, values, network.config.codebookSize, noise, step, steps);
  group.states = decoded.map(({ state }) => state);
  return decoded.map(({ sampled }) => sampled);
}

/** Hands each row its share of the downloaded logits [M·K]. */
function decodeRows(
  { states, rows }: DrawGroup,
  values: Float32Array,
  codebookSize: number,
  noise: NoiseSource,
  step: number,
  steps: number,
): ReturnType<typeof decodeStep>[] {
  let taken = 0;
  return states.map((state, at) => {
    const logits = Array.from({ length: state.codes.filter((code) => code < 0).length }, () => {
      const start = taken * codebookSize;
      taken += 1;
      return values.subarray(start, start + codebookSize);
    });
    return decodeStep(state, logits, noise(rows[at] ?? 0, step), step, steps);
  });
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
  const groups: DrawGroup[] = [];
  const images: Int32Array[] = prefixes.map(() => new Int32Array(0));
  try {
    for (const { length, indices } of groupByBucket(prefixes)) {
      checkCancelled(settings.signal);
      groups.push(prepareGroup(network, prefixes, indices, length, settings));
    }
    for (let step = 0; step < settings.steps; step++) {
      const codes: Int32Array[] = [...images];
      for (const group of groups) {
        checkCancelled(settings.signal);
        const sampled = await stepGroup(network, group, noise, step, settings);
        for (const [at, row] of group.rows.entries()) {
          images[row] = sampled[at] ?? new Int32Array(0);
          codes[row] = group.states[at]?.codes ?? new Int32Array(0);
        }
      }
      settings.onStep?.({ step, codes, sampled: [...images] });
    }
    return images;
  } finally {
    for (const { conditional, unconditional } of groups) disposeAll([conditional, unconditional]);
  }
}
