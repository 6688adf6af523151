/** Cached prefixes, parts of the head and dropped pads give what the plain path gives. */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import { createRng } from "../../rng.ts";
import { expectNumbersClose, randomInputs, randomPrefixes } from "./__fixtures__/randomInputs.ts";
import { randomShowoConfig, randomShowoTensors } from "./__fixtures__/randomShowo.ts";
import { continueAnswers } from "./answer.ts";
import { type GoldenBatch, plainLogits } from "./goldenBatch.ts";
import { preparePrefix, runImageRows } from "./imageRows.ts";
import { answerMask, drawMask } from "./masks.ts";
import { answerEoi, answerPrefix, imageBlock, padLeft } from "./prompts.ts";
import { scoreAnswers, scoreImages } from "./scores.ts";
import { loadShowoNetwork, type ShowoNetwork } from "./weights.ts";

const config = randomShowoConfig;
const N = config.imageTokenCount;
/** A busy machine takes its time to load tfjs. */
const BACKEND_TIMEOUT_MS = 60_000;

const { randomImage, randomHidden } = randomInputs("fastPath.test");
let network: ShowoNetwork;

beforeAll(async () => {
  await startNodeBackend("wasm");
  network = loadShowoNetwork(config, randomShowoTensors());
}, BACKEND_TIMEOUT_MS);
afterAll(closeBackend);

const hide = (codes: Int32Array, hidden: Uint8Array) => codes.map((code, at) => (hidden[at] ? -1 : code));

/** Rows that end with an image, for the plain path. */
function drawRows(rows: readonly (readonly number[])[], length: number): GoldenBatch {
  const { ids, padCounts } = padLeft(rows, length, config.special.pad);
  const masks = padCounts.map((pads) => drawMask(length, pads, length - N - 2));
  return { ids, batch: rows.length, length, masks };
}

/** An image, its question and what is answered so far, for the plain path. */
function answerRow(row: readonly number[]): GoldenBatch {
  const masks = [answerMask(row.length, 0, answerEoi(config))];
  return { ids: Int32Array.from(row), batch: 1, length: row.length, masks };
}

describe("the fast path", () => {
  it("gives the plain path's image logits: cached prefix, sliced head, dropped pads", async () => {
    const images = randomPrefixes.map(() => hide(randomImage(), randomHidden()));
    const rows = randomPrefixes.map((prefix, row) => [...prefix, ...imageBlock(images[row] ?? [], config)]);
    // As far padded as the reference pads: to the longest text allowed.
    const length = config.maxTextLength + 1 + N + 2;
    const plain = tf.tidy(() => {
      const from = [0, length - N - 1, config.imageOffset];
      return tf.slice(plainLogits(network, drawRows(rows, length)), from, [
        rows.length,
        N,
        config.codebookSize,
      ]);
    });
    const expected = await plain.data();
    for (const [row, prefix] of randomPrefixes.entries()) {
      const fast = tf.tidy(() => {
        const prepared = preparePrefix(network, [prefix], prefix.length);
        const states = runImageRows(network, prepared, [images[row] ?? []]);
        return network.imageHead.apply(states);
      });
      const size = N * config.codebookSize;
      expectNumbersClose(await fast.data(), expected.slice(row * size, (row + 1) * size));
    }
  });

  it("scores images like the plain path", async () => {
    const images = randomPrefixes.map(randomImage);
    const hidden = randomPrefixes.map(randomHidden);
    const rows = randomPrefixes.map((prefix, row) => [
      ...prefix,
      ...imageBlock(hide(images[row] ?? randomImage(), hidden[row] ?? randomHidden()), config),
    ]);
    const length = Math.max(...rows.map((row) => row.length));
    const expected = tf.tidy(() => {
      const from = [0, length - N - 1, config.imageOffset];
      const logits = tf.slice(plainLogits(network, drawRows(rows, length)), from, [
        rows.length,
        N,
        config.codebookSize,
      ]);
      const oneHot = tf.oneHot(
        tf.tensor2d(
          images.flatMap((codes) => [...codes]),
          [3, N],
          "int32",
        ),
        config.codebookSize,
      );
      return tf.sum(tf.mul(tf.logSoftmax(logits), oneHot), -1);
    });
    const scores = scoreImages(network, { prefixes: randomPrefixes, images, hidden });
    expect(scores.shape).toEqual([3, N]);
    expectNumbersClose(await scores.data(), await expected.data(), 1e-4);
  });

  it("shares a repeated prompt's prefix without changing anything", async () => {
    const images = [randomImage(), randomImage()];
    const hidden = [randomHidden(), randomHidden()];
    const [first, second] = [randomPrefixes[0] ?? [], randomPrefixes[2] ?? []];
    const together = await scoreImages(network, {
      prefixes: [first, second, first],
      images: [images[0], images[0], images[1]].map((codes) => codes ?? randomImage()),
      hidden: [hidden[0], hidden[0], hidden[1]].map((mask) => mask ?? randomHidden()),
    }).array();
    for (const [place, row] of [0, 2].entries()) {
      const alone = scoreImages(network, {
        prefixes: [first],
        images: [images[place] ?? randomImage()],
        hidden: [hidden[place] ?? randomHidden()],
      });
      expectNumbersClose(together[row] ?? [], await alone.data(), 1e-4);
    }
  });

  it("answers with cached keys as the whole sequence would", async () => {
    const questions = [[4, 5, 6], [7], [4, 5, 6, 7, 8, 9, 10, 11, 12]];
    const rows = questions.map((question) => answerPrefix(randomImage(), question, config));
    const answers = await continueAnswers(network, rows, { maxTokens: 5 });
    for (const [row, answer] of answers.entries()) {
      const sequence = [...(rows[row] ?? [])];
      for (const [at, token] of answer.tokens.entries()) {
        const last = tf.tidy(() => {
          const logits = plainLogits(network, answerRow(sequence));
          return tf.logSoftmax(tf.slice(logits, [0, sequence.length - 1, 0], [1, 1, config.imageOffset]));
        });
        const logProbs = await last.data();
        expect(token).toBe(logProbs.indexOf(Math.max(...logProbs)));
        expect(answer.logProbs[at]).toBeCloseTo(logProbs[token] ?? Number.NaN, 4);
        sequence.push(token);
      }
      expect(answer.tokens.length).toBeGreaterThan(0);
    }
  });

  it("scores the tokens it sampled with the log-probs it reported", async () => {
    const questions = [
      [4, 5, 6],
      [7, 8],
    ];
    const images = questions.map(randomImage);
    const rows = questions.map((question, row) => answerPrefix(images[row] ?? [], question, config));
    const rngs = questions.map((_, row) => createRng("sampling", row));
    const answers = await continueAnswers(network, rows, {
      maxTokens: 4,
      sampling: { temperature: 1, rngs },
    });
    const tokens = answers.map((answer, row) => answer.tokens.subarray(0, row === 0 ? 2 : 4));
    const { logProbs, weights } = scoreAnswers(network, { images, questions, answers: tokens });
    const scored = await logProbs.array();
    const counted = await weights.array();
    for (const [row, own] of tokens.entries()) {
      const expected = [...(answers[row]?.logProbs.subarray(0, own.length) ?? [])];
      const padding = Array(logProbs.shape[1] - own.length).fill(0);
      expectNumbersClose(scored[row] ?? [], [...expected, ...padding], 1e-4);
      expect(counted[row]).toEqual([...expected.map(() => 1), ...padding]);
    }
  });
});
