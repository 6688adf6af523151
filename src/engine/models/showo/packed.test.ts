/** A model in few bits: what it computes is what an f32 model of the same values computes. */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { makeConfig } from "../../config.ts";
import { closeBackend } from "../../device/backend.ts";
import { relativeError } from "../../kernels/oracle.ts";
import { PackedWeight } from "../../kernels/quantMatMul/packedWeight.ts";
import { dequantiseMatrix, quantisationError } from "../../quant/quantiseMatrix.ts";
import { createTrainerState, train } from "../../rl/trainer.ts";
import { createTaskSource } from "../../rl/worldTask.ts";
import { readValues } from "../../safetensors/int8Rows.ts";
import { type SafetensorsEntry, writeSafetensors } from "../../safetensors/safetensors.ts";
import { fromFloat32, toFloat32 } from "../../safetensors/toFloat32.ts";
import { createSplits } from "../../world/splits.ts";
import { worldPreset } from "../../world/worldSpec.ts";
import { loadModel, reportWeights } from "../loadModel.ts";
import type { UnifiedModel } from "../unified.ts";
import { int8RowTensors, unpackedTensors } from "./__fixtures__/packedShowo.ts";
import {
  randomModelFiles,
  randomShowoConfig,
  randomShowoTensors,
  readFrom,
} from "./__fixtures__/randomShowo.ts";
import { wholeHead } from "./goldenBatch.ts";
import { packMatrices, type StoredTensors } from "./packing.ts";
import { disposeShowoNetwork, listShowoParameters, loadShowoNetwork } from "./weights.ts";

const config = randomShowoConfig;
const shapes = listShowoParameters(config);
const N = config.imageTokenCount;
const FORMATS = ["int8", "int4"] as const;

function open(
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  weights: "f32" | "int8" | "int4",
): Promise<UnifiedModel> {
  const files = randomModelFiles();
  files.set("model.safetensors", writeSafetensors(new Map(tensors)));
  return loadModel(readFrom(files), "random", { weights });
}

const image = (seed: number) =>
  Int32Array.from({ length: N }, (_, at) => (at * 7 + seed * 5) % config.codebookSize);
const batch = {
  prompts: ["a dog", "a photo of two red cat"],
  images: [image(1), image(2)],
  hidden: [new Uint8Array(N).fill(1), Uint8Array.from({ length: N }, (_, at) => at % 2)],
};
const asked = { questions: ["what ?", "a dog ?"], answers: [Int32Array.of(4), Int32Array.of(5, 6)] };

/** Both losses end to end and every gradient of an adapter that is not fresh, one after the other. */
async function learn(model: UnifiedModel): Promise<number[]> {
  model.attachAdapter({ rank: 2, alpha: 4, seed: 7 });
  const variables = model.adapterVariables().map(({ variable }) => variable);
  for (const variable of variables) {
    tf.tidy(() => variable.assign(tf.randomNormal(variable.shape, 0, 0.1, "float32", variable.size)));
  }
  const { value, grads } = tf.variableGrads(() => {
    const drawn = tf.mean(model.imageLogProbs(batch));
    const soft = model.differentiableImage({ ...batch, tau: 1, noiseSeeds: ["a", "b"] });
    const answered = tf.mean(model.answerLogProbs({ ...asked, images: soft }).logProbs);
    return tf.add(drawn, answered) as tf.Scalar;
  }, variables);
  const gradients = await Promise.all(variables.map(({ name }) => grads[name]?.data() ?? []));
  const numbers = [...(await value.data()), ...gradients.flatMap((gradient) => [...gradient])];
  tf.dispose([value, grads]);
  return numbers;
}

const draw = (model: UnifiedModel) =>
  model.drawImages({ prompts: batch.prompts, seeds: ["a", "b"], guidanceScale: 1, temperature: 1, steps: 3 });

describe("which matrix gets which format", () => {
  const packed = (tensors: StoredTensors, format: "int8" | "int4") =>
    Object.fromEntries(
      [...packMatrices(shapes, tensors, format)].map(([name, matrix]) => [name, matrix.format] as const),
    );

  it("is by what it does: the table by rows, head and attention eight bits, the MLPs as many as asked for", () => {
    const [int8, int4] = FORMATS.map((format) => packed(randomShowoTensors(), format));
    for (const [name, format] of Object.entries(int8 ?? {})) {
      expect([name, format]).toEqual([name, name.includes("embed_tokens") ? "int8Row" : "int8"]);
      const isMlp = name.includes(".mlp.");
      expect([name, int4?.[name]]).toEqual([name, isMlp ? "int4" : format]);
    }
    // Four matrices of attention and two of the MLP in each of two layers, and both ends.
    expect(Object.keys(int8 ?? {})).toHaveLength(14);
  });

  it("keeps integers that the file stores, and packs their values where four bits are asked for", () => {
    const tensors = int8RowTensors();
    for (const [name, matrix] of packMatrices(shapes, tensors, "int4")) {
      expect([name, matrix.format]).toEqual([name, name.includes(".mlp.") ? "int4" : "int8Row"]);
      const { relative } = quantisationError(readValues(tensors, name), matrix);
      // The scale alone was rounded, to 11 bits.
      if (matrix.format === "int8Row") expect(relative).toBeLessThan(2 ** -11);
      else expect(relative).toBeGreaterThan(0.04);
    }
  });

  it("is told with what it loses and what it takes", async () => {
    const read = readFrom(randomModelFiles());
    const [f32, int8, int4] = await Promise.all(
      (["f32", "int8", "int4"] as const).map((weights) => reportWeights(read, weights)),
    );
    const numbers = [...shapes.values()].reduce((sum, [rows = 0, width = 1]) => sum + rows * width, 0);
    expect(f32?.bytes).toBe(4 * numbers);
    expect(f32?.matrices.every(({ relativeError }) => relativeError === 0)).toBe(true);
    const fc1 = int4?.matrices.find(({ kind }) => kind === "mlp.fc1");
    // 48 rows of 32 values: 4 words and, for one group, a word of scales.
    expect(fc1).toMatchObject({ format: "int4", count: 2, numbers: 2 * 48 * 32, bytes: 2 * 48 * 5 * 4 });
    expect(fc1?.relativeError).toBeGreaterThan(0.05);
    expect(int8?.matrices.find(({ kind }) => kind === "lm_head")?.relativeError).toBeLessThan(0.006);
    expect(int8?.bytes).toBeGreaterThan(int4?.bytes ?? Number.NaN);
  });

  it("refuses a matrix with a NaN by name", () => {
    const name = "showo.model.layers.1.mlp.fc2.weight";
    const tensors = randomShowoTensors();
    const values = toFloat32(tensors.get(name) as NonNullable<ReturnType<typeof tensors.get>>);
    values[3] = Number.NaN;
    tensors.set(name, fromFloat32(values, shapes.get(name) ?? []));
    expect(() => loadShowoNetwork(config, tensors, "int4")).toThrow(
      expect.objectContaining({ code: "modelCorrupt", data: { tensor: name } }),
    );
  });
});

describe.each(["wasm", "cpu"] as const)("a packed model on %s", (backend) => {
  beforeAll(async () => {
    await startNodeBackend(backend);
  }, 60_000);
  afterAll(closeBackend);

  it.each([
    ["int8", "f32", randomShowoTensors],
    ["int8", "int8 rows", int8RowTensors],
    ["int4", "int8 rows", int8RowTensors],
  ] as const)(
    "%s of %s draws, answers and learns as f32 of the same values does",
    async (format, _, make) => {
      const tensors = make();
      const packed = await open(tensors, format);
      const plain = await open(unpackedTensors(tensors, format), "f32");
      expect(packed.parameterCount).toBe(plain.parameterCount);
      expect(await draw(packed)).toEqual(await draw(plain));
      const question = { images: batch.images, questions: asked.questions, maxTokens: 3 };
      expect(await packed.answerQuestions(question)).toEqual(await plain.answerQuestions(question));
      const expected = await learn(plain);
      expect(Math.max(...expected.slice(1).map(Math.abs))).toBeGreaterThan(1e-3);
      expect(relativeError(await learn(packed), expected)).toBeLessThan(1e-5);
      // With the adapter that learning has left on them.
      expect(await draw(packed)).toEqual(await draw(plain));
      packed.dispose();
      plain.dispose();
    },
  );

  it("learns a step", async () => {
    const model = await open(int8RowTensors(), "int4");
    const run = makeConfig("robust", { promptsPerStep: 1, groupSize: 2, decodeSteps: 2, remaskDraws: 1 });
    model.attachAdapter({ rank: run.loraRank, alpha: run.loraAlpha, seed: 0 });
    const spec = worldPreset("nano");
    const state = createTrainerState(model);
    // Right and wrong in turn, so that the group teaches.
    let judged = 0;
    const judge = () => {
      judged += 1;
      return { reward: judged % 2, parts: [] };
    };
    for await (const { kind } of train({
      model,
      state,
      drawTask: createTaskSource(spec, createSplits(spec)),
      judge,
      config: () => run,
    })) {
      if (kind === "stepFinished") break;
    }
    const moved = model.adapterVariables().filter(({ name }) => name.includes("lora_B"));
    for (const { variable } of moved) {
      const largest = Math.max(...(await variable.data()).map(Math.abs));
      expect(largest).toBeGreaterThan(0);
      expect(largest).toBeLessThan(0.1);
    }
    state.optimizer.dispose();
    model.dispose();
  });

  it("leaves nothing behind, opened, used and disposed", async () => {
    const before = tf.memory();
    const model = await open(int8RowTensors(), "int4");
    await learn(model);
    await draw(model);
    await model.answerQuestions({ images: batch.images, questions: asked.questions, maxTokens: 2 });
    const used = tf.memory().numTensors;
    await learn(model);
    await draw(model);
    expect(tf.memory().numTensors).toBe(used);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numBytes).toBe(before.numBytes);
  });

  it("has no head over all ids, and holds no words where shaders do not run", async () => {
    const network = loadShowoNetwork(config, int8RowTensors(), "int8");
    expect(() => wholeHead(network)).toThrow("load the model in f32");
    const { embedding, textHead, imageHead } = network;
    if (!(embedding instanceof PackedWeight)) throw new Error("the table is not packed");
    expect([textHead.outSize, imageHead.outSize]).toEqual([config.imageOffset, config.codebookSize]);
    expect(await embedding.transposed().data()).toEqual(dequantiseMatrix(embedding.matrix));
    const bytes = tf.memory().numBytes;
    textHead.apply(tf.zeros([1, config.hiddenSize]));
    const made = tf.memory().numBytes - bytes - 4 * (config.hiddenSize + config.imageOffset);
    expect(made).toBe(4 * config.hiddenSize * config.imageOffset);
    disposeShowoNetwork(network);
  });
});
