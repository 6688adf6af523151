import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { registerGradients } from "../../device/gradients.ts";
import { createAdapter } from "../../lora/adapter.ts";
import { createRng } from "../../rng.ts";
import { randomShowoConfig as config, randomShowoTensors } from "./__fixtures__/randomShowo.ts";
import { drawPrefix } from "./prompts.ts";
import { embedImagesSoftly, scoreAnswers, scoreImages } from "./scores.ts";
import { disposeShowoNetwork, loadShowoNetwork, type ShowoNetwork } from "./weights.ts";

let network: ShowoNetwork;
let variables: tf.Variable[];

beforeAll(async () => {
  await registerGradients();
  await tf.setBackend("cpu");
  network = loadShowoNetwork(config, randomShowoTensors());
  variables = [...network.slots].flatMap(([name, slot]) => {
    const adapter = createAdapter(slot, 2, 4, createRng("recompute", name));
    const { shape } = adapter.b;
    const values = createRng("recompute", name, "b").normal(shape[0] * shape[1]);
    adapter.b.assign(tf.mul(tf.tensor2d(values, shape), 0.1));
    slot.setAdapter(adapter);
    return [adapter.a, adapter.b];
  });
});
afterAll(() => disposeShowoNetwork(network));

const codes = (seed: number) =>
  new Int32Array(config.imageTokenCount).map((_, at) => (at * seed + 3) % config.codebookSize);
const hidden = () => new Uint8Array(config.imageTokenCount).map((_, at) => at % 2);
const rows = (isRecomputed: boolean) => ({
  prefixes: [drawPrefix([4, 5], config), drawPrefix([6], config)],
  images: [codes(5), codes(7)],
  hidden: [hidden(), hidden()],
  isRecomputed,
});
const asked = (images: Int32Array[] | tf.Tensor, isRecomputed: boolean) => ({
  images,
  questions: [[4, 5], [6]],
  answers: [Int32Array.of(5, 6), Int32Array.of(7)],
  isRecomputed,
});

/** Loss, and all gradients one behind the other. */
function learn(loss: (isRecomputed: boolean) => tf.Tensor, isRecomputed: boolean): number[] {
  return tf.tidy(() => {
    const { value, grads } = tf.variableGrads(() => tf.sum(loss(isRecomputed)) as tf.Scalar, variables);
    return [value, ...variables.map(({ name }) => grads[name] as tf.Tensor)].flatMap((part) => [
      ...part.dataSync(),
    ]);
  });
}

describe("layers computed again for their gradients", () => {
  it.each([
    ["image scores", (again: boolean) => scoreImages(network, rows(again))],
    ["answer scores", (again: boolean) => scoreAnswers(network, asked([codes(5), codes(7)], again)).logProbs],
    [
      "answers through the image",
      (again: boolean) => {
        const image = embedImagesSoftly(network, rows(again), 1, ["a", "b"]);
        return scoreAnswers(network, asked(image, again)).logProbs;
      },
    ],
  ])("give the loss and the gradients of %s", (_, loss) => {
    const [plain, again] = [learn(loss, false), learn(loss, true)];
    expect(plain.some((value) => Math.abs(value) > 1e-3)).toBe(true);
    for (const [at, value] of plain.entries()) expect(again[at]).toBeCloseTo(value, 5);
  });

  it("leave nothing behind", () => {
    const loss = (again: boolean) => scoreImages(network, rows(again));
    learn(loss, true);
    const before = tf.memory().numTensors;
    learn(loss, true);
    expect(tf.memory().numTensors).toBe(before);
  });
});
