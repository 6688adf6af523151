/** A model in few bits on WebGPU: shaders read the packed words, and no f32 copy of a matrix is ever made. */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import { withTwins } from "../../kernels/defineOp.ts";
import { relativeError } from "../../kernels/oracle.ts";
import { PackedWeight } from "../../kernels/quantMatMul/packedWeight.ts";
import { createAdapter } from "../../lora/adapter.ts";
import { matrixBytes } from "../../quant/quantFormat.ts";
import { createRng } from "../../rng.ts";
import { int8RowTensors } from "./__fixtures__/packedShowo.ts";
import { randomShowoConfig, randomShowoTensors } from "./__fixtures__/randomShowo.ts";
import { continueAnswers } from "./answer.ts";
import { seededNoise } from "./drawSettings.ts";
import { drawCodes } from "./generate.ts";
import { packMatrices } from "./packing.ts";
import { answerPrefix, drawPrefix } from "./prompts.ts";
import { embedImagesSoftly, scoreAnswers, scoreImages } from "./scores.ts";
import { disposeShowoNetwork, listShowoParameters, loadShowoNetwork, type ShowoNetwork } from "./weights.ts";

const hasDawn = (await openDawn()) !== null;
const config = randomShowoConfig;
const shapes = listShowoParameters(config);
const N = config.imageTokenCount;
/** Along the gradient; so short that the loss must fall. */
const STEP = 0.02;
const RANK = 2;
const image = (seed: number) =>
  Int32Array.from({ length: N }, (_, at) => (at * 7 + seed * 5) % config.codebookSize);
const rows = {
  prefixes: [drawPrefix([4, 5], config), drawPrefix([4, 5, 6, 7], config)],
  images: [image(1), image(2)],
  hidden: [new Uint8Array(N).fill(1), Uint8Array.from({ length: N }, (_, at) => at % 2)],
};
const asked = { questions: [[4, 5], [6]], answers: [Int32Array.of(5), Int32Array.of(6, 7)] };

function attach(network: ShowoNetwork): tf.Variable[] {
  for (const [name, slot] of network.slots) {
    const adapter = createAdapter(slot, RANK, 4, createRng("adapter", name));
    tf.tidy(() => adapter.b.assign(tf.randomNormal(adapter.b.shape, 0, 0.1, "float32", adapter.b.size)));
    slot.setAdapter(adapter);
  }
  return [...network.slots.values()].flatMap(({ adapter }) => (adapter ? [adapter.a, adapter.b] : []));
}

/** Both losses end to end, and their gradients. */
function learn(network: ShowoNetwork, variables: tf.Variable[]): tf.Tensor[] {
  const { value, grads } = tf.variableGrads(() => {
    const drawn = tf.mean(scoreImages(network, rows));
    const images = embedImagesSoftly(network, rows, 1, ["a", "b"]);
    return tf.add(drawn, tf.mean(scoreAnswers(network, { images, ...asked }).logProbs)) as tf.Scalar;
  }, variables);
  return [value, ...variables.map(({ name }) => grads[name] as tf.Tensor)];
}

const draw = (network: ShowoNetwork) =>
  drawCodes(network, rows.prefixes, seededNoise(["a", "b"], N), {
    steps: 3,
    guidanceScale: 1,
    temperature: 1,
  });
const answer = (network: ShowoNetwork) =>
  continueAnswers(
    network,
    asked.questions.map((question, at) => answerPrefix(rows.images[at] ?? [], question, config)),
    { maxTokens: 2 },
  );

describe.skipIf(!hasDawn)("a packed model on WebGPU", { timeout: 400_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  }, 60_000);
  afterAll(closeBackend);
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each([
    ["int8", randomShowoTensors],
    ["int4", int8RowTensors],
  ] as const)("%s: draws, answers and learns from its words alone", async (format, make) => {
    const tensors = make();
    const before = tf.memory();
    const network = loadShowoNetwork(config, tensors, format);
    const variables = attach(network);
    const forms = [vi.spyOn(PackedWeight.prototype, "dense"), vi.spyOn(PackedWeight.prototype, "transposed")];
    const drawn = await draw(network);
    const answered = await answer(network);
    const learnt = tf.tidy(() => learn(network, variables));
    for (const form of forms) expect(form).not.toHaveBeenCalled();

    // Words of every matrix, those of the image codes' rows twice; vectors in f32, the bias of the head twice but for
    // the mask's; the adapter.
    const matrices = packMatrices(shapes, tensors, format);
    const words = [...matrices.values()].reduce((sum, matrix) => sum + matrixBytes(matrix), 0);
    const vectors = [...shapes.values()].reduce((sum, [size = 0, width]) => sum + (width ? 0 : size), 0);
    const table = matrices.get("showo.model.embed_tokens.weight");
    const codes = ((table ? matrixBytes(table) : 0) / config.vocabSize) * config.codebookSize;
    const mask = matrices.get("showo.lm_head.weight");
    const unused = (mask ? matrixBytes(mask) : 0) / config.vocabSize;
    const numbers = [...variables, ...learnt].reduce((sum, { size }) => sum + size, 0);
    // What a block keeps joined: the norms of its heads, and A and B of queries, keys and values.
    const joined = config.layerCount * (4 * config.rotary.headSize + 6 * RANK * config.hiddenSize);
    expect(tf.memory().numBytes - before.numBytes).toBe(
      words - unused + codes + 4 * (vectors + config.vocabSize - 1 + numbers + joined),
    );

    const wanted = withTwins(() => tf.tidy(() => learn(network, variables)));
    for (const [at, gradient] of learnt.entries()) {
      const expected = await (wanted[at] as tf.Tensor).data();
      expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(1e-6);
      expect(relativeError(await gradient.data(), expected)).toBeLessThan(1e-4);
    }
    expect(drawn.flatMap((codesOf) => [...codesOf]).every((code) => code >= 0)).toBe(true);
    expect(answered.every(({ tokens }) => tokens.length > 0)).toBe(true);
    for (const [at, variable] of variables.entries()) {
      tf.tidy(() =>
        variable.assign(tf.sub(variable, tf.mul(learnt[at + 1] as tf.Tensor, STEP)) as tf.Tensor2D),
      );
    }
    const [after, ...rest] = tf.tidy(() => learn(network, variables)) as [tf.Tensor, ...tf.Tensor[]];
    const [loss = 0] = await (learnt[0] as tf.Tensor).data();
    expect((await after.data())[0]).toBeLessThan(loss);
    tf.dispose([learnt, wanted, after, rest]);
    disposeShowoNetwork(network);
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numBytes).toBe(before.numBytes);
  });
});
