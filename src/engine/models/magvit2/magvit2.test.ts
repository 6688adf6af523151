import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import { readSafetensors, type SafetensorsEntry } from "../../safetensors/safetensors.ts";
import { toFloat32 } from "../../safetensors/toFloat32.ts";
import { loadMagvit2, type Magvit2, makeSignTable, quantise } from "./magvit2.ts";
import { countGroups, type Magvit2Config } from "./parameters.ts";

const shared = process.env.UNIRL_SHARED ?? fileURLToPath(new URL("../../../../../shared", import.meta.url));
const golden = `${shared}/golden/showo-a`;
/** Sums of a few thousand f32 products in another order; stated in the golden README's issue. */
const TOLERANCE = 2e-4;

async function readTensors(name: string): Promise<Map<string, SafetensorsEntry>> {
  return readSafetensors(await readFile(`${golden}/${name}`)).tensors;
}

function find(tensors: ReadonlyMap<string, SafetensorsEntry>, name: string): SafetensorsEntry {
  const entry = tensors.get(name);
  if (!entry) throw new Error(`no ${name} in the golden file`);
  return entry;
}

function toTensor(entry: SafetensorsEntry): tf.Tensor {
  return tf.tensor(toFloat32(entry), [...entry.shape]);
}

async function largestError(actual: tf.Tensor, expected: SafetensorsEntry): Promise<number> {
  const wanted = toFloat32(expected);
  const values = await tf.transpose(actual, [0, 3, 1, 2]).data();
  expect(values.length).toBe(wanted.length);
  return wanted.reduce(
    (worst, value, at) => Math.max(worst, Math.abs(value - (values[at] ?? Number.NaN))),
    0,
  );
}

let config: Magvit2Config;
let weights: Map<string, SafetensorsEntry>;
let expected: Map<string, SafetensorsEntry>;

beforeAll(async () => {
  config = JSON.parse(await readFile(`${golden}/config.json`, "utf8")).magvitv2;
  weights = await readTensors("vq.safetensors");
  expected = await readTensors("expected.safetensors");
});

describe.each(["cpu", "wasm"] as const)("MAGVIT-v2 against PyTorch on %s", (backend) => {
  let model: Magvit2;
  let pixels: tf.Tensor4D;

  beforeAll(async () => {
    await startNodeBackend(backend);
    model = loadMagvit2(config, weights);
    pixels = tf.transpose(toTensor(find(expected, "vq.pixels_nchw")), [0, 2, 3, 1]) as tf.Tensor4D;
  });

  afterAll(closeBackend);

  it("encodes to the same numbers and the same codes", async () => {
    const z = find(expected, "vq.encoder_z_nchw");
    expect(await largestError(model.encodeZ(pixels), z)).toBeLessThan(TOLERANCE);
    const codes = await model.encode(pixels).data();
    const wanted = toFloat32(find(expected, "vq.indices"));
    const zValues = toFloat32(z);
    const bits = config.encoder.z_channels;
    const tokens = wanted.length / (z.shape[0] ?? 1);
    let compared = 0;
    codes.forEach((code, at) => {
      const image = Math.floor(at / tokens);
      const isTie = Array.from({ length: bits }, (_, bit) => {
        return Math.abs(zValues[(image * bits + bit) * tokens + (at % tokens)] ?? 0) <= 1e-4;
      });
      if (isTie.includes(true)) return;
      expect(code).toBe(wanted[at]);
      compared += 1;
    });
    expect(compared).toBeGreaterThan(wanted.length / 2);
  });

  it("decodes to the same pixels", async () => {
    const codes = tf.cast(toTensor(find(expected, "vq.decode_codes")), "int32") as tf.Tensor2D;
    const decoded = model.decode(codes);
    expect(await largestError(decoded, find(expected, "vq.decoded_nchw"))).toBeLessThan(TOLERANCE);
  });

  it("leaves nothing behind and gives everything back", () => {
    const codes = tf.zeros<tf.Rank.R2>([1, 16], "int32");
    const before = tf.memory().numTensors;
    model.encode(pixels).dispose();
    model.decode(codes).dispose();
    expect(tf.memory().numTensors).toBe(before);
    const again = loadMagvit2(config, weights);
    again.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("MAGVIT-v2 by hand", () => {
  beforeAll(async () => {
    await startNodeBackend("cpu");
  });

  it("reads bits most significant first and zero as 0", async () => {
    const z = tf.tensor4d([1, -1, 0, -2, 0, 3], [1, 1, 2, 3]);
    expect([...(await quantise(z).data())]).toEqual([0b100, 0b001]);
    const table = (await makeSignTable(3).array()) as number[][];
    expect(table[0b100]).toEqual([1, -1, -1]);
    expect(table[0]).toEqual([-1, -1, -1]);
  });

  it("names every missing and misshapen tensor at once", () => {
    const broken = new Map(weights);
    broken.delete("encoder.conv_in.weight");
    broken.set("decoder.conv_out.bias", find(weights, "encoder.conv_in.bias"));
    expect(() => loadMagvit2(config, broken)).toThrow(
      /encoder\.conv_in\.weight is missing; decoder\.conv_out\.bias is \[32\] instead of \[3\]/,
    );
  });

  it("groups normalised channels as the configuration says", async () => {
    const codes = tf.zeros<tf.Rank.R2>([1, 16], "int32");
    const decodeWith = async (norm_group_size?: number) => {
      const model = loadMagvit2({ ...config, decoder: { ...config.decoder, norm_group_size } }, weights);
      const pixels = await model.decode(codes).data();
      model.dispose();
      return Array.from(pixels);
    };
    expect([countGroups(64, undefined), countGroups(64, 4)]).toEqual([32, 16]);
    expect(await decodeWith(4)).not.toEqual(await decodeWith());
    await expect(decodeWith(5)).rejects.toThrow(/normalisation groups do not divide/);
  });

  it("refuses images and codes of impossible sizes", () => {
    const model = loadMagvit2(config, weights);
    expect(() => model.encode(tf.zeros([1, 15, 16, 3]))).toThrow(/multiples of 4/);
    expect(() => model.decode(tf.zeros([1, 15], "int32"))).toThrow(/square/);
    const uneven = { ...config, decoder: { ...config.decoder, num_res_blocks: [1] } };
    expect(() => loadMagvit2(uneven, weights)).toThrow(/differ in length/);
  });
});
