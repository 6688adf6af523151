import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, describe, expect, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import { readSafetensors } from "../../safetensors/safetensors.ts";
import { toFloat32 } from "../../safetensors/toFloat32.ts";
import { loadMagvit2 } from "./magvit2.ts";

const shared = process.env.UNIRL_SHARED ?? fileURLToPath(new URL("../../../../../shared", import.meta.url));
const golden = `${shared}/golden/showo-a`;
const hasDawn = (await openDawn()) !== null;
const TOLERANCE = 2e-4;

async function readTensors(name: string) {
  const { tensors } = readSafetensors(await readFile(`${golden}/${name}`));
  return tensors;
}

describe.skipIf(!hasDawn)("MAGVIT-v2 against PyTorch on webgpu", { timeout: 240_000 }, () => {
  afterAll(closeBackend);

  it("computes the same z and the same pixels", async () => {
    await startNodeBackend("webgpu");
    const config = JSON.parse(await readFile(`${golden}/config.json`, "utf8"));
    const expected = await readTensors("expected.safetensors");
    const take = (name: string) => {
      const entry = expected.get(name);
      if (!entry) throw new Error(`no ${name} in the golden file`);
      return tf.tensor(toFloat32(entry), [...entry.shape]);
    };
    const model = loadMagvit2(config.magvitv2, await readTensors("vq.safetensors"));
    const pixels = tf.transpose(take("vq.pixels_nchw"), [0, 2, 3, 1]) as tf.Tensor4D;
    const distance = (actual: tf.Tensor, name: string) =>
      tf.max(tf.abs(tf.sub(tf.transpose(actual, [0, 3, 1, 2]), take(name)))).data();
    const [zError] = await distance(model.encodeZ(pixels), "vq.encoder_z_nchw");
    expect(zError).toBeLessThan(TOLERANCE);
    const codes = tf.cast(take("vq.decode_codes"), "int32") as tf.Tensor2D;
    const [pixelError] = await distance(model.decode(codes), "vq.decoded_nchw");
    expect(pixelError).toBeLessThan(TOLERANCE);
  });
});
