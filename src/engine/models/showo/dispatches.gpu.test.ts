/** What a pass asks of the GPU: a fixed number of dispatches a layer, whatever the images and their sizes. */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { createAdapter } from "../../lora/adapter.ts";
import { createRng } from "../../rng.ts";
import { randomShowoConfig as config, randomShowoTensors } from "./__fixtures__/randomShowo.ts";
import { drawPrefix } from "./prompts.ts";
import { scoreAnswers, scoreImages } from "./scores.ts";
import { loadShowoNetwork, type ShowoNetwork } from "./weights.ts";

const hasDawn = (await openDawn()) !== null;
/** SwiftShader compiles each shader for a second or two. */
const TIMEOUT_MS = 240_000;

const LAYERS = config.layerCount;

function dispatchesIn(body: () => void): number {
  const backend = tf.backend() as unknown as TrainerBackend;
  const before = backend.counters().dispatches;
  tf.tidy(body);
  return backend.counters().dispatches - before;
}

function attachAdapters({ slots }: ShowoNetwork): tf.Variable[] {
  return [...slots].flatMap(([name, slot]) => {
    slot.setAdapter(createAdapter(slot, 2, 4, createRng("dispatches", name)));
    return slot.adapter ? [slot.adapter.a, slot.adapter.b] : [];
  });
}

describe.skipIf(!hasDawn)("a pass on WebGPU", { timeout: TIMEOUT_MS }, () => {
  let network: ShowoNetwork;

  beforeAll(async () => {
    await startNodeBackend("webgpu");
    network = loadShowoNetwork(config, randomShowoTensors());
  }, TIMEOUT_MS);
  afterAll(closeBackend);

  const codes = () => new Int32Array(config.imageTokenCount).map((_, at) => at % config.codebookSize);
  const hidden = () => new Uint8Array(config.imageTokenCount).fill(1);
  const images = (count: number) => ({
    prefixes: Array.from({ length: count }, (_, at) => drawPrefix([4, 5 + (at % 2)], config)),
    images: Array.from({ length: count }, codes),
    hidden: Array.from({ length: count }, hidden),
  });
  const answers = () => ({
    images: [codes(), codes()],
    questions: [[4, 5], [6]],
    answers: [Int32Array.of(5, 6), Int32Array.of(7)],
  });

  it("scores images in 8 dispatches a layer and 5 besides, texts included", () => {
    // Embedding, rows kept, last norm, and two for the scores; the texts' own rows are among the others.
    for (const count of [1, 5]) {
      expect(dispatchesIn(() => scoreImages(network, images(count)))).toBe(8 * LAYERS + 5);
    }
  });

  it("takes 4 more a layer for adapters, and 22 for all their gradients", () => {
    const variables = attachAdapters(network);
    const loss = () => tf.sum(scoreImages(network, images(3))) as tf.Scalar;
    // Joined adapters are put together once and kept until they change.
    tf.tidy(() => loss());
    const forward = dispatchesIn(() => loss());
    expect(forward).toBe(12 * LAYERS + 6);
    const both = dispatchesIn(() => tf.variableGrads(loss, variables));
    // The first layer's input needs no gradient: no dx of its two products, nor of its norm. Five go back to the layers:
    // the sum, two of the scores, the last norm and the picked rows.
    expect(both - forward).toBe(22 * LAYERS - 3 + 5);
    const [first] = variables;
    first?.assign(tf.zeros(first.shape as [number, number]));
    expect(dispatchesIn(() => loss())).toBe(forward + 2);
  });

  it("computes but the answers' rows in the last layer", () => {
    const backend = tf.backend() as unknown as TrainerBackend;
    const before = backend.dispatchesByProgram().get("pickRows") ?? 0;
    tf.tidy(() => void scoreAnswers(network, answers()).logProbs);
    expect((backend.dispatchesByProgram().get("pickRows") ?? 0) - before).toBe(3);
  });
});
