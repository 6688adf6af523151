/**
 * Answering: the image and question run once with the understanding mask, then one row per new token behind cached
 * keys and values. Only the last row reaches the head, and only the head's text ids: an answer is text.
 *
 * Source: spec/showo.md 5.2; the reference has no cache and recomputes all rows, with the same result. Differs: it could
 * answer with an image code.
 */
import type * as tf from "@tensorflow/tfjs-core";
import { beginStretch } from "../../device/backend.ts";
import { disposeAll, tidyAll } from "../../nn/tidy.ts";
import type { Rng } from "../../rng.ts";
import type { StopSignal } from "../unified.ts";
import { checkCancelled } from "./drawSettings.ts";
import { countPositions, embed, type ForwardOutput, runForward } from "./forward.ts";
import { answerRows, nextRowLayout } from "./layouts.ts";
import { pickByInversion, toCodeRow } from "./maskgit.ts";
import { answerMask } from "./masks.ts";
import { answerEoi, groupByBucket, padLeft } from "./prompts.ts";
import { mergeAdapters, type ShowoNetwork } from "./weights.ts";

export interface AnswerSettings {
  readonly maxTokens: number;
  /** Absent: greedy. One stream per row [B]. */
  readonly sampling?: { readonly temperature: number; readonly rngs: readonly Rng[] } | undefined;
  readonly signal?: StopSignal | undefined;
}

/** A continuation with the closing eot, if it was reached, and each token's log p at temperature 1. */
export interface AnsweredTokens {
  readonly tokens: Int32Array;
  readonly logProbs: Float32Array;
}

/** A row being written. */
interface OpenAnswer {
  readonly tokens: number[];
  readonly logProbs: number[];
  isClosed: boolean;
}

/** The largest logit's index; the first of equals. */
export function argmax(logits: Float32Array): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if ((logits[id] ?? 0) > (logits[best] ?? 0)) best = id;
  return best;
}

function sample(logits: Float32Array, temperature: number, rng: Rng): number {
  return pickByInversion(toCodeRow(logits.map((logit) => logit / temperature)), rng.uniform());
}

/** Image and question of a group. @returns the cache and the last row's state */
function prefill(
  network: ShowoNetwork,
  rows: readonly ArrayLike<number>[],
  length: number,
): { output: ForwardOutput; padCounts: readonly number[] } {
  const { config } = network;
  const { ids, padCounts } = padLeft(rows, length, config.special.pad);
  const masks = padCounts.map((pads) => answerMask(length, pads, pads + answerEoi(config)));
  const output = runForward(network, {
    embedded: embed(network, ids),
    positions: countPositions(0, length, rows.length),
    isCacheWanted: true,
    ...answerRows(masks, { skip: length - 1, count: 1 }),
  });
  return { output, padCounts };
}

function headLogits(network: ShowoNetwork, { hidden }: ForwardOutput): tf.Tensor2D {
  return network.textHead.apply(hidden);
}

/** Appends one token to every open row. @param values logits [B·text ids] */
function writeTokens(
  answers: readonly OpenAnswer[],
  values: Float32Array,
  rows: readonly number[],
  eot: number,
  { sampling }: AnswerSettings,
): Int32Array {
  const width = values.length / answers.length;
  return Int32Array.from(answers, (answer, at) => {
    if (answer.isClosed) return eot;
    const logits = values.subarray(at * width, (at + 1) * width);
    const rng = sampling?.rngs[rows[at] ?? 0];
    const token = sampling && rng ? sample(logits, sampling.temperature, rng) : argmax(logits);
    const { weights, total } = toCodeRow(logits);
    answer.tokens.push(token);
    answer.logProbs.push(Math.log((weights[token] ?? 0) / total));
    answer.isClosed = token === eot;
    return token;
  });
}

async function answerGroup(
  network: ShowoNetwork,
  prefixes: readonly ArrayLike<number>[],
  rows: readonly number[],
  length: number,
  settings: AnswerSettings,
): Promise<OpenAnswer[]> {
  const answers: OpenAnswer[] = rows.map(() => ({ tokens: [], logProbs: [], isClosed: false }));
  let rest = beginStretch();
  let state = tidyAll(() => {
    const { output, padCounts } = prefill(network, prefixes, length);
    return { cache: output.cache, logits: headLogits(network, output), padCounts };
  });
  const { padCounts } = state;
  try {
    for (let step = 0; ; step++) {
      const values = (await state.logits.data()) as Float32Array;
      await rest(settings.signal);
      rest = beginStretch();
      checkCancelled(settings.signal);
      const written = writeTokens(answers, values, rows, network.config.special.eot, settings);
      if (step + 1 >= settings.maxTokens || answers.every(({ isClosed }) => isClosed)) return answers;
      const previous = state;
      state = tidyAll(() => {
        const output = runForward(network, {
          embedded: embed(network, written),
          positions: countPositions(length + step, 1, rows.length),
          layout: nextRowLayout(padCounts, length + step + 1),
          past: { layers: previous.cache, sequences: rows.length },
          isCacheWanted: true,
        });
        return { cache: output.cache, logits: headLogits(network, output), padCounts };
      });
      disposeAll(previous);
    }
  } finally {
    disposeAll(state);
  }
}

/**
 * Continues every prefix until eot or `maxTokens`.
 * @param prefixes [B] as `answerPrefix` makes them
 * @throws EngineError("cancelled") within one token of the signal
 */
export async function continueAnswers(
  network: ShowoNetwork,
  prefixes: readonly ArrayLike<number>[],
  settings: AnswerSettings,
): Promise<AnsweredTokens[]> {
  const results: AnsweredTokens[] = prefixes.map(() => ({
    tokens: new Int32Array(0),
    logProbs: new Float32Array(0),
  }));
  const merged = mergeAdapters(network);
  try {
    for (const { length, indices } of groupByBucket(prefixes)) {
      checkCancelled(settings.signal);
      const own = indices.map((row) => prefixes[row] ?? []);
      const answers = await answerGroup(merged.network, own, indices, length, settings);
      for (const [at, { tokens, logProbs }] of answers.entries()) {
        results[indices[at] ?? 0] = {
          tokens: Int32Array.from(tokens),
          logProbs: Float32Array.from(logProbs),
        };
      }
    }
    return results;
  } finally {
    merged.dispose();
  }
}
