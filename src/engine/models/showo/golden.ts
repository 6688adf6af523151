/**
 * Compares this engine, number by number, with what the PyTorch reference gave for the same weights. Every size comes
 * from the folder's own config, so any folder of this form can be checked, on any backend.
 */
import * as tf from "@tensorflow/tfjs-core";
import { registerKernels } from "../../kernels/registerKernels.ts";
import { parseShowoConfig } from "./config.ts";
import {
  answerBatch,
  answerLoss,
  drawBatch,
  drawLoss,
  type GoldenBatch,
  plainLogits,
} from "./goldenBatch.ts";
import {
  type CheckResult,
  countDifferences,
  Expected,
  judge,
  largestDifference,
  readFixtureJson,
  readFixtureTensors,
  TOLERANCES,
} from "./goldenCompare.ts";
import { checkGreedy, checkMaskgit, maskgitSchema } from "./goldenDecoding.ts";
import {
  attachGoldenAdapters,
  checkAdapterGradients,
  checkParameterGradients,
  type GoldenLora,
  loraSchema,
} from "./goldenGradients.ts";
import { checkTokenizer } from "./goldenTokenizer.ts";
import { disposeShowoNetwork, loadShowoNetwork, type ShowoNetwork } from "./weights.ts";

export type { CheckResult } from "./goldenCompare.ts";

function checkMask(name: string, { masks, batch, length }: GoldenBatch, expected: Expected): CheckResult {
  const wanted = expected.ints(`${name}.may_attend`);
  const actual = masks.flatMap((ranges) =>
    Array.from({ length: length * length }, (_, at) => {
      const [row, column] = [Math.floor(at / length), at % length];
      return column >= (ranges[2 * row] ?? 0) && column < (ranges[2 * row + 1] ?? 0) ? 1 : 0;
    }),
  );
  const detail = `${batch} masks of ${length} × ${length}`;
  return judge(`${name} mask`, countDifferences(actual, wanted), TOLERANCES.exact, detail);
}

async function checkLogits(
  check: string,
  network: ShowoNetwork,
  batch: GoldenBatch,
  wanted: Float32Array,
  isCounted: (row: number) => boolean,
): Promise<CheckResult> {
  const logits = tf.tidy(() => plainLogits(network, batch));
  const actual = await logits.data();
  logits.dispose();
  const { vocabSize } = network.config;
  const { error, compared } = largestDifference(actual, wanted, (at) =>
    isCounted(Math.floor(at / vocabSize)),
  );
  return judge(check, error, TOLERANCES.logits, `largest difference of ${compared} logits`);
}

async function checkLoss(check: string, loss: () => tf.Scalar, wanted: Float32Array): Promise<CheckResult> {
  const scalar = tf.tidy(loss);
  const [actual = Number.NaN] = await scalar.data();
  scalar.dispose();
  const { error } = largestDifference([actual], wanted);
  return judge(check, error, TOLERANCES.loss, `${actual} for ${wanted[0]}`);
}

async function* checkPlainPath(network: ShowoNetwork, expected: Expected): AsyncGenerator<CheckResult> {
  const { config } = network;
  const draw = drawBatch(expected, config);
  const answer = answerBatch(expected, config);
  yield checkMask("t2i", draw, expected);
  yield checkMask("mmu", answer, expected);
  yield await checkDrawLogits("t2i logits", network, expected, "t2i.logits");
  const answerLogits = expected.floats("mmu.logits");
  yield await checkLogits("mmu logits", network, answer, answerLogits, () => true);
  yield await checkLoss("t2i loss", () => drawLoss(network, draw, expected), expected.floats("loss.t2i"));
  yield await checkLoss("mmu loss", () => answerLoss(network, answer, expected), expected.floats("loss.mmu"));
}

/** Rows of pads are nobody's business. */
async function checkDrawLogits(
  check: string,
  network: ShowoNetwork,
  expected: Expected,
  key: string,
): Promise<CheckResult> {
  const valid = expected.ints("t2i.valid_rows");
  const batch = drawBatch(expected, network.config);
  return checkLogits(check, network, batch, expected.floats(key), (row) => valid[row] === 1);
}

async function* checkLora(
  network: ShowoNetwork,
  expected: Expected,
  lora: GoldenLora,
): AsyncGenerator<CheckResult> {
  const modules = attachGoldenAdapters(network, expected, lora);
  const batch = drawBatch(expected, network.config);
  yield await checkDrawLogits("LoRA logits", network, expected, "lora.t2i_logits");
  const wanted = expected.floats("lora.loss_t2i");
  yield await checkLoss("LoRA loss", () => drawLoss(network, batch, expected), wanted);
  yield await checkAdapterGradients(network, expected, modules);
}

/** Runs a family of checks; what it throws becomes a failed result of its name. */
async function* guard(
  name: string,
  checks: () => AsyncGenerator<CheckResult> | Promise<CheckResult>,
): AsyncGenerator<CheckResult> {
  try {
    const running = checks();
    if (running instanceof Promise) yield await running;
    else yield* running;
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    yield { check: name, error: Number.NaN, tolerance: 0, pass: false, detail: why };
  }
}

/**
 * Runs every check of a golden folder on the current backend, in order, yielding each result as it is known. A check
 * that cannot run fails; only an unreadable folder throws.
 * @param read reads a file of the folder by name
 * @throws EngineError when config.json, model.safetensors or expected.safetensors cannot be used
 */
export async function* verifyShowoGolden(
  read: (name: string) => Promise<Uint8Array>,
): AsyncGenerator<CheckResult> {
  registerKernels();
  const config = parseShowoConfig(await readFixtureJson(read, "config.json"));
  const tensors = await readFixtureTensors(read, "model.safetensors");
  const expected = new Expected(await readFixtureTensors(read, "expected.safetensors"));
  const readLora = async () => loraSchema.parse(await readFixtureJson(read, "lora.json"));
  const trainable = loadShowoNetwork(config, tensors, "trainable");
  try {
    yield* guard("plain path", () => checkPlainPath(trainable, expected));
    yield* guard("parameter gradients", async () =>
      checkParameterGradients(trainable, expected, await readLora()),
    );
  } finally {
    disposeShowoNetwork(trainable);
  }
  const network = loadShowoNetwork(config, tensors);
  try {
    yield* guard("MaskGIT", async function* () {
      yield* checkMaskgit(
        network,
        expected,
        maskgitSchema.parse(await readFixtureJson(read, "maskgit.json")),
      );
    });
    yield* guard("greedy answer", () => checkGreedy(network, expected));
    yield* guard("LoRA", async function* () {
      yield* checkLora(network, expected, await readLora());
    });
  } finally {
    disposeShowoNetwork(network);
  }
  yield* guard("image tokenizer", async function* () {
    yield* checkTokenizer(config, await readFixtureTensors(read, "vq.safetensors"), expected);
  });
}
