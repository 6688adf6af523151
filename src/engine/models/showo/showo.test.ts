import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import { createRng } from "../../rng.ts";
import { loadModel } from "../loadModel.ts";
import type { UnifiedModel } from "../unified.ts";
import {
  randomModelFiles,
  randomShowoConfig,
  randomShowoTensors,
  readFrom,
} from "./__fixtures__/randomShowo.ts";
import { continueAnswers } from "./answer.ts";
import { seededNoise } from "./drawSettings.ts";
import { countPositions, embed, runForward } from "./forward.ts";
import { drawCodes } from "./generate.ts";
import { wholeHead } from "./goldenBatch.ts";
import { preparePrefix, runImageRows } from "./imageRows.ts";
import { ownLayout } from "./layouts.ts";
import { answerMask, drawMask } from "./masks.ts";
import { answerEoi, answerPrefix, drawPrefix, imageBlock, padLeft } from "./prompts.ts";
import { scoreAnswers, scoreImages } from "./scores.ts";
import { loadShowoNetwork, type ShowoNetwork } from "./weights.ts";

const config = randomShowoConfig;
const rng = createRng("showo.test");
const N = config.imageTokenCount;
/** A busy machine takes its time to load tfjs. */
const BACKEND_TIMEOUT_MS = 60_000;

let network: ShowoNetwork;
let model: UnifiedModel;

beforeAll(async () => {
  await startNodeBackend("wasm");
  network = loadShowoNetwork(config, randomShowoTensors());
  model = await loadModel(readFrom(randomModelFiles()), "random");
}, BACKEND_TIMEOUT_MS);
afterAll(closeBackend);

const randomImage = () => Int32Array.from({ length: N }, () => rng.int(config.codebookSize));
const randomHidden = () => Uint8Array.from({ length: N }, () => rng.int(2));
const hide = (codes: Int32Array, hidden: Uint8Array) => codes.map((code, at) => (hidden[at] ? -1 : code));

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 2e-5): void {
  expect(actual.length).toBe(expected.length);
  for (let at = 0; at < expected.length; at++) {
    expect(Math.abs((actual[at] ?? Number.NaN) - (expected[at] ?? Number.NaN))).toBeLessThan(tolerance);
  }
}

/** The plain path: padded rows, all of them through every layer and the whole head. @returns [B, L, V] */
function plainLogits(rows: readonly (readonly number[])[], length: number, isDrawing: boolean): tf.Tensor3D {
  const { ids, padCounts } = padLeft(rows, length, config.special.pad);
  const masks = padCounts.map((pads) =>
    isDrawing ? drawMask(length, pads, length - N - 2) : answerMask(length, pads, pads + answerEoi(config)),
  );
  return tf.tidy(() => {
    const { hidden } = runForward(network, {
      embedded: embed(network, ids),
      positions: countPositions(0, length, rows.length),
      layout: ownLayout(masks, length),
    });
    return tf.reshape(wholeHead(network).apply(hidden), [rows.length, length, config.vocabSize]);
  });
}

const prefixes = [drawPrefix([4, 5], config), drawPrefix([], config), drawPrefix([4, 5, 6, 7, 8, 9], config)];

describe("the fast path", () => {
  it("gives the plain path's image logits: cached prefix, sliced head, dropped pads", async () => {
    const images = prefixes.map(() => hide(randomImage(), randomHidden()));
    const rows = prefixes.map((prefix, row) => [...prefix, ...imageBlock(images[row] ?? [], config)]);
    // As far padded as the reference pads: to the longest text allowed.
    const length = config.maxTextLength + 1 + N + 2;
    const plain = tf.tidy(() => {
      const from = [0, length - N - 1, config.imageOffset];
      return tf.slice(plainLogits(rows, length, true), from, [rows.length, N, config.codebookSize]);
    });
    const expected = await plain.data();
    for (const [row, prefix] of prefixes.entries()) {
      const fast = tf.tidy(() => {
        const prepared = preparePrefix(network, [prefix], prefix.length);
        const states = runImageRows(network, prepared, [images[row] ?? []]);
        return network.imageHead.apply(states);
      });
      const size = N * config.codebookSize;
      expectClose(await fast.data(), expected.slice(row * size, (row + 1) * size));
    }
  });

  it("scores images like the plain path", async () => {
    const images = prefixes.map(randomImage);
    const hidden = prefixes.map(randomHidden);
    const rows = prefixes.map((prefix, row) => [
      ...prefix,
      ...imageBlock(hide(images[row] ?? randomImage(), hidden[row] ?? randomHidden()), config),
    ]);
    const length = Math.max(...rows.map((row) => row.length));
    const expected = tf.tidy(() => {
      const from = [0, length - N - 1, config.imageOffset];
      const logits = tf.slice(plainLogits(rows, length, true), from, [rows.length, N, config.codebookSize]);
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
    const scores = scoreImages(network, { prefixes, images, hidden });
    expect(scores.shape).toEqual([3, N]);
    expectClose(await scores.data(), await expected.data(), 1e-4);
  });

  it("shares a repeated prompt's prefix without changing anything", async () => {
    const images = [randomImage(), randomImage()];
    const hidden = [randomHidden(), randomHidden()];
    const [first, second] = [prefixes[0] ?? [], prefixes[2] ?? []];
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
      expectClose(together[row] ?? [], await alone.data(), 1e-4);
    }
  });

  it("answers with cached keys as the whole sequence would", async () => {
    const questions = [[4, 5, 6], [7], [4, 5, 6, 7, 8, 9, 10, 11, 12]];
    const rows = questions.map((question) => answerPrefix(randomImage(), question, config));
    const answers = await continueAnswers(network, rows, { maxTokens: 5 });
    for (const [row, answer] of answers.entries()) {
      const sequence = [...(rows[row] ?? [])];
      for (const [at, token] of answer.tokens.entries()) {
        const logits = plainLogits([sequence], sequence.length, false);
        const last = tf.tidy(() =>
          tf.logSoftmax(tf.slice(logits, [0, sequence.length - 1, 0], [1, 1, config.imageOffset])),
        );
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
      expectClose(scored[row] ?? [], [...expected, ...padding], 1e-4);
      expect(counted[row]).toEqual([...expected.map(() => 1), ...padding]);
    }
  });

  it("reads an embedded image like its codes", async () => {
    const request = { prompts: ["a dog", "a red cat"], images: [randomImage(), randomImage()] };
    const hidden = request.images.map(randomHidden);
    const soft = model.differentiableImage({ ...request, hidden, tau: 1 });
    expect(soft.shape).toEqual([2, N, config.hiddenSize]);
    const asked = { questions: ["what ?", "a ?"], answers: [Int32Array.of(4, 5), Int32Array.of(6)] };
    const fromSoft = model.answerLogProbs({ ...asked, images: soft });
    const fromCodes = model.answerLogProbs({ ...asked, images: request.images });
    expectClose(await fromSoft.logProbs.data(), await fromCodes.logProbs.data(), 1e-5);
  });
});

describe("drawing", () => {
  const settings = { steps: 4, guidanceScale: 1.5, temperature: 1 };

  it("gives an image that depends on its own prompt and seed only", async () => {
    const seeds = ["one", "two", "three"];
    const together = await drawCodes(network, prefixes, seededNoise(seeds, N), settings);
    for (const [row, prefix] of prefixes.entries()) {
      const [alone] = await drawCodes(network, [prefix], seededNoise([seeds[row] ?? ""], N), settings);
      expect(alone).toEqual(together[row]);
    }
    const repeated = prefixes[0] ?? [];
    const [same, other] = await drawCodes(
      network,
      [repeated, repeated],
      seededNoise(["one", "else"], N),
      settings,
    );
    expect(same).toEqual(together[0]);
    expect(other).not.toEqual(same);
  });

  it("decides more codes with every step and all in the end", async () => {
    const hiddenCounts: number[] = [];
    const [image] = await model.drawImages({
      prompts: ["a photo of a dog"],
      seeds: ["s"],
      ...settings,
      onStep: ({ step, steps, codes }) => {
        expect([step, steps]).toEqual([hiddenCounts.length, 4]);
        hiddenCounts.push(codes[0]?.filter((code) => code < 0).length ?? N);
      },
    });
    // floor(16·cos(π/8 · s)) = 14, 11, 6, then none.
    expect(hiddenCounts).toEqual([14, 11, 6, 0]);
    expect(image?.every((code) => code >= 0 && code < config.codebookSize)).toBe(true);
  });

  it("stops within a step of the signal", async () => {
    const signal = { aborted: false };
    let steps = 0;
    const drawing = model.drawImages({
      prompts: ["a dog", "a red cat"],
      seeds: ["a", "b"],
      ...settings,
      signal,
      onStep: () => {
        steps += 1;
        signal.aborted = true;
      },
    });
    await expect(drawing).rejects.toMatchObject({ code: "cancelled" });
    expect(steps).toBe(1);
  });
});

describe("the model behind its interface", () => {
  const request = () => ({
    prompts: ["a dog", "a photo of two red cat"],
    images: [randomImage(), randomImage()],
    hidden: [randomHidden(), randomHidden()],
  });

  it("is unchanged by a fresh adapter, changed by a trained one, and itself without it", async () => {
    const asked = request();
    const before = await model.imageLogProbs(asked).data();
    model.attachAdapter({ rank: 2, alpha: 4, seed: 7 });
    expectClose(await model.imageLogProbs(asked).data(), before, 1e-6);
    const variables = model.adapterVariables();
    expect(variables).toHaveLength(config.layerCount * 6 * 2);
    expect(variables[0]?.name).toBe("base_model.model.showo.model.layers.0.self_attn.q_proj.lora_A.weight");
    for (const { variable } of variables) variable.assign(tf.fill(variable.shape, 0.2));
    const trained = await model.imageLogProbs(asked).data();
    expect(Math.max(...trained.map((value, at) => Math.abs(value - (before[at] ?? 0))))).toBeGreaterThan(
      1e-3,
    );
    expectClose(await model.withoutAdapter(() => model.imageLogProbs(asked)).data(), before, 1e-6);
    expectClose(await model.imageLogProbs(asked).data(), trained, 1e-7);
    model.attachAdapter({ rank: 2, alpha: 4, seed: 7 });
  });

  it("trains every adapter tensor through both tasks, and nothing else", async () => {
    model.attachAdapter({ rank: 2, alpha: 4, seed: 7 });
    const variables = model.adapterVariables().map(({ variable }) => variable);
    // B = 0 stops the gradient to A: move it.
    for (const variable of variables) variable.assign(tf.randomNormal(variable.shape, 0, 0.1, "float32", 3));
    const drawn = tf.variableGrads(() => tf.mean(model.imageLogProbs(request())) as tf.Scalar, variables);
    const answered = tf.variableGrads(
      () =>
        tf.mean(
          model.answerLogProbs({
            images: [randomImage()],
            questions: ["what ?"],
            answers: [Int32Array.of(5, 6)],
          }).logProbs,
        ) as tf.Scalar,
      variables,
    );
    for (const { grads } of [drawn, answered]) {
      expect(Object.keys(grads)).toHaveLength(variables.length);
      for (const gradient of Object.values(grads)) {
        expect((await tf.max(tf.abs(gradient)).data())[0]).toBeGreaterThan(0);
      }
    }
  });

  it("passes a question's gradient on to the drawing through the differentiable image", async () => {
    model.attachAdapter({ rank: 2, alpha: 4, seed: 7 });
    const variables = model.adapterVariables().map(({ variable }) => variable);
    const images = [randomImage()];
    const loss = (reads: (codes: Int32Array[]) => Int32Array[] | tf.Tensor) => () =>
      tf.mean(
        model.answerLogProbs({
          images: reads(images),
          questions: ["what ?"],
          answers: [Int32Array.of(5)],
        }).logProbs,
      ) as tf.Scalar;
    const hard = tf.variableGrads(
      loss((codes) => codes),
      variables,
    );
    const hidden = [new Uint8Array(N).fill(1)];
    const soft = tf.variableGrads(
      loss((codes) => model.differentiableImage({ prompts: ["a dog"], images: codes, hidden, tau: 1 })),
      variables,
    );
    let difference = 0;
    for (const { name } of variables) {
      const [a, b] = [hard.grads[name], soft.grads[name]];
      if (a && b) difference += (await tf.max(tf.abs(tf.sub(a, b))).data())[0] ?? 0;
    }
    expect(difference).toBeGreaterThan(1e-6);
  });

  it("holds the adapter still in frozen parts, and lets gradients through them", () => {
    model.attachAdapter({ rank: 2, alpha: 4, seed: 7 });
    const variables = model.adapterVariables().map(({ variable }) => variable);
    for (const variable of variables) variable.assign(tf.randomUniform(variable.shape, -0.1, 0.1));
    const images = [randomImage()];
    const answer = (read: Int32Array[] | tf.Tensor) =>
      tf.mean(
        model.answerLogProbs({ images: read, questions: ["what ?"], answers: [Int32Array.of(5)] }).logProbs,
      ) as tf.Scalar;
    const hidden = [new Uint8Array(N).fill(1)];
    const draw = () =>
      model.differentiableImage({ prompts: ["a dog"], images, hidden, tau: 1, noiseSeeds: ["noise"] });
    const sizeOf = ({ grads, value }: ReturnType<typeof tf.variableGrads>) => ({
      value: value.dataSync()[0] ?? Number.NaN,
      size: Object.values(grads).reduce(
        (most, grad) => Math.max(most, tf.max(tf.abs(grad)).dataSync()[0] ?? 0),
        0,
      ),
    });
    const both = sizeOf(tf.variableGrads(() => answer(draw()), variables));
    const through = sizeOf(
      tf.variableGrads(() => {
        const image = draw();
        return model.withFrozenAdapter(() => answer(image));
      }, variables),
    );
    expect(through.value).toBeCloseTo(both.value, 6);
    expect(through.size).toBeGreaterThan(1e-6);
    expect(both.size).not.toBeCloseTo(through.size, 6);
  });

  it("encodes an answer as it would have written it", () => {
    expect([...model.encodeAnswer("a red dog")].at(-1)).toBe(config.special.eot);
    expect(model.encodeAnswer("a red dog")).toHaveLength(4);
  });

  it("decodes codes to pixels, undecided ones to a plain tile, and encodes pixels", async () => {
    const undecided = randomImage().fill(-1);
    const [image, plain] = await model.decodeImages([randomImage(), undecided]);
    expect(image).toMatchObject({ width: 8, height: 8 });
    expect(image?.rgb).toHaveLength(8 * 8 * 3);
    const codes = await model.encodeImages(plain ? [plain] : []);
    expect(codes[0]).toHaveLength(N);
    await expect(
      model.encodeImages([{ width: 4, height: 4, rgb: new Uint8Array(48) }]),
    ).rejects.toMatchObject({
      code: "badInput",
    });
  });

  it("refuses requests whose lists do not fit together", async () => {
    await expect(
      model.drawImages({ prompts: ["a"], seeds: [], guidanceScale: 0, temperature: 1, steps: 1 }),
    ).rejects.toMatchObject({ code: "badInput" });
    expect(() => model.imageLogProbs({ ...request(), images: [randomImage()] })).toThrow(
      "2 prompts, 1 images",
    );
    expect(() =>
      model.imageLogProbs({ ...request(), images: [randomImage().fill(-1), randomImage()] }),
    ).toThrow("16 codes from 0 to 31");
  });

  it("leaks nothing", async () => {
    const exercise = async () => {
      const asked = request();
      const settings = { guidanceScale: 1, temperature: 1, steps: 2 };
      await model.drawImages({ prompts: asked.prompts, seeds: ["a", "b"], ...settings });
      await model.answerQuestions({ images: asked.images, questions: ["what ?", "a dog ?"], maxTokens: 3 });
      await model.decodeImages(asked.images);
      const variables = model.adapterVariables().map(({ variable }) => variable);
      const { value, grads } = tf.variableGrads(
        () => tf.mean(model.imageLogProbs(asked)) as tf.Scalar,
        variables,
      );
      const soft = model.differentiableImage({ ...asked, tau: 1 });
      const answers = [Int32Array.of(4), Int32Array.of(5, 6)];
      const scores = model.answerLogProbs({ images: soft, questions: ["what ?", "a dog ?"], answers });
      tf.dispose([value, ...Object.values(grads), soft, scores.logProbs, scores.weights]);
    };
    model.attachAdapter({ rank: 2, alpha: 4, seed: 7 });
    await exercise();
    const before = tf.memory();
    for (let round = 0; round < 3; round++) await exercise();
    model.attachAdapter({ rank: 2, alpha: 4, seed: 8 });
    const after = tf.memory();
    expect([after.numTensors, after.numBytes]).toEqual([before.numTensors, before.numBytes]);
  });

  it("frees everything on dispose", async () => {
    const before = tf.memory().numTensors;
    const another = await loadModel(readFrom(randomModelFiles()), "another");
    another.attachAdapter({ rank: 2, alpha: 4, seed: 1 });
    another.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
