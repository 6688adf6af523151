/**
 * The training path: log-probs and the differentiable image, batched and on the tape. The text prefix is computed
 * once per distinct prompt and shared by its images, as in drawing; the adapters learn through it too.
 */
import * as tf from "@tensorflow/tfjs-core";
import { straightThroughEmbedding } from "../../kernels/embedSum/embedSum.ts";
import { SequenceLayout } from "../../kernels/omniAttention/sequences.ts";
import { projectedTokenLogProbs } from "../../kernels/tokenLogProb/tokenLogProb.ts";
import { createRng } from "../../rng.ts";
import type { TapeOptions } from "../unified.ts";
import { countPositions, embed, runForward } from "./forward.ts";
import { padTexts, stackImages } from "./imageRows.ts";
import { answerRows, imagesBlock, imageTokens, textBlock } from "./layouts.ts";
import { answerMask } from "./masks.ts";
import { answerEoi, answerPrefix, bucketLength, padLeft } from "./prompts.ts";
import type { ShowoNetwork } from "./weights.ts";

/** Images as their prompts should bring them forth. */
export interface ImageRows extends TapeOptions {
  /** [B] as `drawPrefix` makes them. */
  readonly prefixes: readonly (readonly number[])[];
  /** [B][N] */
  readonly images: readonly Int32Array[];
  /** [B][N], 1 where hidden. */
  readonly hidden: readonly Uint8Array[];
}

/** Questions about images and the answers to score. */
export interface AnswerRows extends TapeOptions {
  /** Codes [B][N], or embedded images [B, N, D]. */
  readonly images: readonly Int32Array[] | tf.Tensor;
  /** [B] ids of `questionText`. */
  readonly questions: readonly (readonly number[])[];
  /** [B], each with at least one token. */
  readonly answers: readonly Int32Array[];
}

/**
 * Hidden states at all image positions, hidden codes masked. Prefixes and images run through each layer together, as rows
 * of one matrix: half the products, each of them longer, and every adapter has one gradient to give. @returns [B·N, D]
 */
function imageStates(network: ShowoNetwork, rows: ImageRows): tf.Tensor2D {
  const { prefixes, images, hidden, isRecomputed = false } = rows;
  const { config } = network;
  const text = padTexts(config, prefixes, bucketLength(Math.max(...prefixes.map((prefix) => prefix.length))));
  const shown = images.map((codes, row) => codes.map((code, at) => (hidden[row]?.[at] ? -1 : code)));
  const ids = Int32Array.from([...text.ids, ...stackImages(shown, config)]);
  const [texts, behind] = [textBlock(text), imagesBlock(text, config)];
  const positions = [
    ...countPositions(0, text.length, texts.count),
    ...countPositions(text.length, behind.queries, behind.count),
  ];
  return runForward(network, {
    embedded: embed(network, ids),
    positions,
    layout: new SequenceLayout([texts, behind], ids.length),
    output: { rows: imageTokens(text.ids.length, images.length, config) },
    isRecomputed,
  }).hidden;
}

function flattenCodes(images: readonly Int32Array[]): Int32Array {
  return Int32Array.from(images.flatMap((codes) => [...codes]));
}

/** log p of every code given the prompt and the codes not hidden, over the image slice. Taped. @returns [B, N], owned */
export function scoreImages(network: ShowoNetwork, rows: ImageRows): tf.Tensor2D {
  return tf.tidy(() => {
    const ids = flattenCodes(rows.images);
    const logProbs = projectedTokenLogProbs(imageStates(network, rows), network.imageHead.asTokenHead(), ids);
    return tf.reshape(logProbs, [rows.images.length, -1]);
  });
}

/** Gumbel noise for every code, named by one seed per image. @returns [B·N, V], owned */
function gumbelNoise(network: ShowoNetwork, seeds: readonly string[]): tf.Tensor2D {
  const { imageTokenCount: count, codebookSize } = network.config;
  const size = count * codebookSize;
  const values = new Float32Array(seeds.length * size);
  for (const [row, seed] of seeds.entries()) values.set(createRng(seed, "gumbel").gumbel(size), row * size);
  return tf.tensor2d(values, [seeds.length * count, codebookSize]);
}

/**
 * The embedded image, straight-through at the hidden positions. Taped.
 * @param noiseSeeds [B], or null for the plain softmax @returns [B, N, D], owned
 */
export function embedImagesSoftly(
  network: ShowoNetwork,
  rows: ImageRows,
  tau: number,
  noiseSeeds: readonly string[] | null,
): tf.Tensor3D {
  return tf.tidy(() => {
    const logits = network.imageHead.apply(imageStates(network, rows));
    const noise = noiseSeeds && gumbelNoise(network, noiseSeeds);
    const weights = Float32Array.from(rows.hidden.flatMap((hidden) => [...hidden]));
    const embedded = straightThroughEmbedding(
      logits,
      network.imageEmbedding,
      flattenCodes(rows.images),
      weights,
      tau,
      noise,
    );
    return tf.reshape(embedded, [rows.images.length, -1, network.config.hiddenSize]);
  });
}

/** Puts embedded images in the place of their codes. @param coded [B·L, D] @returns [B·L, D] */
function insertImages(coded: tf.Tensor2D, images: tf.Tensor3D, padCounts: readonly number[]): tf.Tensor2D {
  const [batch, imageRows, width] = images.shape;
  const length = coded.shape[0] / batch;
  const rows = padCounts.flatMap((pads, row) => {
    // Before the codes stand the pads, mmu and soi.
    const start = row * length + pads + 2;
    const after = start + imageRows;
    const take = (from: number, to: number) => tf.slice(coded, [from, 0], [to - from, width]);
    const image = tf.reshape(tf.slice(images, [row, 0, 0], [1, imageRows, width]), [imageRows, width]);
    return [take(row * length, start), image as tf.Tensor2D, take(after, (row + 1) * length)];
  });
  return tf.concat(rows);
}

/** Answers one under the other, 0 beyond their ends. @returns ids and weights [B·T], T = longest */
function stackAnswers(answers: readonly Int32Array[]): {
  ids: Int32Array;
  weights: Float32Array;
  longest: number;
} {
  const longest = Math.max(...answers.map((answer) => answer.length));
  const ids = new Int32Array(answers.length * longest);
  const weights = new Float32Array(answers.length * longest);
  for (const [row, answer] of answers.entries()) {
    ids.set(answer, row * longest);
    weights.fill(1, row * longest, row * longest + answer.length);
  }
  return { ids, weights, longest };
}

/**
 * log p of every answer token given image, question and the tokens before, among the text ids. Taped.
 * @returns logProbs [B, T], 0 beyond each answer's end; weights [B, T], 1 on real tokens; both owned
 */
export function scoreAnswers(
  network: ShowoNetwork,
  { images, questions, answers, isRecomputed = false }: AnswerRows,
): { logProbs: tf.Tensor2D; weights: tf.Tensor2D } {
  const { config } = network;
  const { ids: targets, weights, longest } = stackAnswers(answers);
  const softImages = images instanceof tf.Tensor ? (images as tf.Tensor3D) : null;
  const blank = new Int32Array(config.imageTokenCount);
  const prefixes = questions.map((question, row) =>
    answerPrefix(softImages ? blank : ((images as readonly Int32Array[])[row] ?? blank), question, config),
  );
  const prefixLength = bucketLength(Math.max(...prefixes.map((prefix) => prefix.length)));
  const length = prefixLength + longest - 1;
  const { ids: prefixIds, padCounts } = padLeft(prefixes, prefixLength, config.special.pad);
  const ids = new Int32Array(questions.length * length).fill(config.special.pad);
  for (let row = 0; row < questions.length; row++) {
    ids.set(prefixIds.subarray(row * prefixLength, (row + 1) * prefixLength), row * length);
    ids.set(answers[row]?.subarray(0, -1) ?? [], row * length + prefixLength);
  }
  const logProbs = tf.tidy(() => {
    const coded = embed(network, ids);
    const masks = padCounts.map((pads) => answerMask(length, pads, pads + answerEoi(config)));
    const { hidden } = runForward(network, {
      embedded: softImages ? insertImages(coded, softImages, padCounts) : coded,
      positions: countPositions(0, length, questions.length),
      ...answerRows(masks, { skip: prefixLength - 1, count: longest }),
      isEmbeddedTaped: softImages !== null,
      isRecomputed,
    });
    const scores = projectedTokenLogProbs(hidden, network.textHead.asTokenHead(), targets);
    return tf.reshape(tf.mul(scores, tf.tensor1d(weights)), [questions.length, longest]) as tf.Tensor2D;
  });
  return { logProbs, weights: tf.tensor2d(weights, [questions.length, longest]) };
}
