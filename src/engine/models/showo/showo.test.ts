import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import { loadModel } from "../loadModel.ts";
import type { UnifiedModel } from "../unified.ts";
import { expectNumbersClose, randomInputs } from "./__fixtures__/randomInputs.ts";
import { randomModelFiles, randomShowoConfig, readFrom } from "./__fixtures__/randomShowo.ts";

const config = randomShowoConfig;
const N = config.imageTokenCount;
/** A busy machine takes its time to load tfjs. */
const BACKEND_TIMEOUT_MS = 60_000;

const { randomImage, randomHidden } = randomInputs("showo.test");
let model: UnifiedModel;

beforeAll(async () => {
  await startNodeBackend("wasm");
  model = await loadModel(readFrom(randomModelFiles()), "random");
}, BACKEND_TIMEOUT_MS);
afterAll(closeBackend);

describe("the model behind its interface", () => {
  const request = () => ({
    prompts: ["a dog", "a photo of two red cat"],
    images: [randomImage(), randomImage()],
    hidden: [randomHidden(), randomHidden()],
  });

  it("reads an embedded image like its codes", async () => {
    const request = { prompts: ["a dog", "a red cat"], images: [randomImage(), randomImage()] };
    const hidden = request.images.map(randomHidden);
    const soft = model.differentiableImage({ ...request, hidden, tau: 1 });
    expect(soft.shape).toEqual([2, N, config.hiddenSize]);
    const asked = { questions: ["what ?", "a ?"], answers: [Int32Array.of(4, 5), Int32Array.of(6)] };
    const fromSoft = model.answerLogProbs({ ...asked, images: soft });
    const fromCodes = model.answerLogProbs({ ...asked, images: request.images });
    expectNumbersClose(await fromSoft.logProbs.data(), await fromCodes.logProbs.data(), 1e-5);
  });

  it("is unchanged by a fresh adapter, changed by a trained one, and itself without it", async () => {
    const asked = request();
    const before = await model.imageLogProbs(asked).data();
    model.attachAdapter({ rank: 2, alpha: 4, seed: 7 });
    expectNumbersClose(await model.imageLogProbs(asked).data(), before, 1e-6);
    const variables = model.adapterVariables();
    expect(variables).toHaveLength(config.layerCount * 6 * 2);
    expect(variables[0]?.name).toBe("base_model.model.showo.model.layers.0.self_attn.q_proj.lora_A.weight");
    for (const { variable } of variables) variable.assign(tf.fill(variable.shape, 0.2));
    const trained = await model.imageLogProbs(asked).data();
    expect(Math.max(...trained.map((value, at) => Math.abs(value - (before[at] ?? 0))))).toBeGreaterThan(
      1e-3,
    );
    expectNumbersClose(await model.withoutAdapter(() => model.imageLogProbs(asked)).data(), before, 1e-6);
    expectNumbersClose(await model.imageLogProbs(asked).data(), trained, 1e-7);
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
