/**
 * Python's and TypeScript's forward agree on the weights that ship. Fixtures are written beside this file by
 * `python -m unirl_pretrain.python_forward_fixture --model public/models/<id> --data <scenes> --scenes 1 --out __fixtures__/<id>.safetensors`.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { folderReader } from "../../../cli/node/files.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import { expandInt8Rows } from "../../safetensors/int8Rows.ts";
import { readSafetensors } from "../../safetensors/safetensors.ts";
import { loadMagvit2, type Magvit2 } from "../magvit2/magvit2.ts";
import { parseShowoConfig } from "./config.ts";
import { answerBatch, drawBatch, type GoldenBatch, plainLogits } from "./goldenBatch.ts";
import { Expected, largestDifference, readFixtureTensors, TOLERANCES } from "./goldenCompare.ts";
import { disposeShowoNetwork, loadShowoNetwork, type ShowoNetwork } from "./weights.ts";

const MODELS = ["nano", "showo-tiny"];
/** f32 sums in another order, on logits of about ±20. */
const LOGITS = TOLERANCES.logits;

const fixtures = folderReader(fileURLToPath(new URL("__fixtures__", import.meta.url)));

beforeAll(async () => {
  await startNodeBackend("wasm");
}, 60_000);
afterAll(closeBackend);

test("every shipped model has its fixture", () => {
  for (const id of MODELS) {
    const folder = new URL(`../../../../public/models/${id}/config.json`, import.meta.url);
    const fixture = new URL(`__fixtures__/${id}.safetensors`, import.meta.url);
    expect([id, existsSync(folder)]).toEqual([id, existsSync(fixture)]);
  }
});

describe.each(MODELS)("%s", (id) => {
  const folder = folderReader(fileURLToPath(new URL(`../../../../public/models/${id}`, import.meta.url)));
  let network: ShowoNetwork;
  let tokenizer: Magvit2;
  let expected: Expected;

  beforeAll(async () => {
    const readTensors = async (file: string) => expandInt8Rows(readSafetensors(await folder(file)).tensors);
    const config = parseShowoConfig(JSON.parse(new TextDecoder().decode(await folder("config.json"))));
    network = loadShowoNetwork(config, await readTensors("model.safetensors"));
    tokenizer = loadMagvit2(config.magvit2, await readTensors("vq.safetensors"));
    expected = new Expected(await readFixtureTensors(fixtures, `${id}.safetensors`));
  }, 60_000);
  afterAll(() => {
    disposeShowoNetwork(network);
    tokenizer.dispose();
  });

  test("as many parameters as Python counted for the model card", async () => {
    const card = new TextDecoder().decode(await folder("README.md"));
    const counts = [...card.matchAll(/([\d,]+) parameters/g)].map(([, count = ""]) =>
      Number(count.replaceAll(",", "")),
    );
    expect(counts).toEqual([network.parameterCount, tokenizer.parameterCount]);
  });

  /** Logits [B·count, V] of `count` rows from a row of each sequence on. */
  function rowsOf(batch: GoldenBatch, start: (at: number) => number, count: number): tf.Tensor2D {
    return tf.tidy(() => {
      const logits = plainLogits(network, batch);
      const { vocabSize } = network.config;
      const rows = Array.from({ length: batch.batch }, (_, at) =>
        tf.reshape(tf.slice(logits, [at, start(at), 0], [1, count, vocabSize]), [count, vocabSize]),
      );
      return tf.concat(rows as tf.Tensor2D[], 0);
    });
  }

  test("logits of image rows, given only the prompt", async () => {
    const batch = drawBatch(expected, network.config);
    const { imageTokenCount } = network.config;
    const logits = rowsOf(batch, () => batch.length - 1 - imageTokenCount, imageTokenCount);
    const { error } = largestDifference(await logits.data(), expected.floats("t2i.logits"));
    expect(error).toBeLessThan(LOGITS);
  });

  test("logits of the first answer token", async () => {
    const batch = answerBatch(expected, network.config);
    const last = expected.ints("mmu.last");
    const logits = rowsOf(batch, (at) => last[at] ?? 0, 1);
    const { error } = largestDifference(await logits.data(), expected.floats("mmu.logits"));
    expect(error).toBeLessThan(LOGITS);
  });

  test("codes of scenes, and the pictures of those codes", async () => {
    const [batch = 0, side = 0] = expected.shape("vq.pixels_u8");
    const codes = expected.ints("vq.indices");
    const [encoded, decoded] = tf.tidy(() => {
      const bytes = Float32Array.from(expected.floats("vq.pixels_u8"), (byte) => byte / 127.5 - 1);
      const wanted = tf.tensor2d(codes, [batch, codes.length / batch], "int32");
      const pictures = tf.transpose(tokenizer.decode(wanted), [0, 3, 1, 2]);
      return [tokenizer.encode(tf.tensor4d(bytes, [batch, side, side, 3])), pictures] as const;
    });
    // A bit whose z is nearly 0 may fall either way; such a cell is not compared.
    const z = expected.floats("vq.z");
    const cells = codes.length / batch;
    const bits = z.length / codes.length;
    const isSure = (at: number): boolean => {
      const image = Math.floor(at / cells);
      const values = Array.from({ length: bits }, (_, bit) => z[(image * bits + bit) * cells + (at % cells)]);
      return values.every((value) => Math.abs(value ?? 0) > 1e-4);
    };
    const actual = await encoded.data();
    const wrong = codes.reduce((sum, code, at) => sum + Number(isSure(at) && actual[at] !== code), 0);
    expect(wrong).toBe(0);
    const { error } = largestDifference(await decoded.data(), expected.floats("vq.decoded"));
    expect(error).toBeLessThan(TOLERANCES.pixels);
  });
});
