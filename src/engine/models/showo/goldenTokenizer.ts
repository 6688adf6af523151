/** The image tokenizer's golden checks. */
import * as tf from "@tensorflow/tfjs-core";
import type { SafetensorsEntry } from "../../safetensors/safetensors.ts";
import { loadMagvit2 } from "../magvit2/magvit2.ts";
import type { ShowoConfig } from "./config.ts";
import {
  type CheckResult,
  countDifferences,
  type Expected,
  judge,
  largestDifference,
  TOLERANCES,
} from "./goldenCompare.ts";

/** Below this |z| the sign of a bit is rounding. */
const SURE_Z = 1e-4;

/** Codes of the fixture's pictures, and pictures of its codes. Yields two results. */
export async function* checkTokenizer(
  config: ShowoConfig,
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  expected: Expected,
): AsyncGenerator<CheckResult> {
  const tokenizer = loadMagvit2(config.magvit2, tensors);
  try {
    yield await checkEncoder(tokenizer, expected);
    const [batch = 0, count = 0] = expected.shape("vq.decode_codes");
    const decoded = tf.tidy(() => {
      const codes = tf.tensor2d(expected.ints("vq.decode_codes"), [batch, count], "int32");
      return tf.transpose(tokenizer.decode(codes), [0, 3, 1, 2]);
    });
    const wanted = expected.floats("vq.decoded_nchw");
    const { error, compared } = largestDifference(await decoded.data(), wanted);
    decoded.dispose();
    yield judge("decoded pixels", error, TOLERANCES.pixels, `largest difference of ${compared} values`);
  } finally {
    tokenizer.dispose();
  }
}

async function checkEncoder(
  tokenizer: ReturnType<typeof loadMagvit2>,
  expected: Expected,
): Promise<CheckResult> {
  const encoded = tf.tidy(() => {
    const shape = expected.shape("vq.pixels_nchw") as [number, number, number, number];
    const pixels = tf.tensor4d(expected.floats("vq.pixels_nchw"), shape);
    return tokenizer.encode(tf.transpose(pixels, [0, 2, 3, 1]));
  });
  const actual = await encoded.data();
  encoded.dispose();
  const [batch = 0, bits = 0, height = 0, width = 0] = expected.shape("vq.encoder_z_nchw");
  const z = expected.floats("vq.encoder_z_nchw");
  const cells = height * width;
  // Bits whose z is too close to 0 to have a sure sign are masked out of the comparison.
  const sureBits = Int32Array.from({ length: batch * cells }, (_, at) => {
    const image = Math.floor(at / cells);
    let mask = 0;
    for (let bit = 0; bit < bits; bit++) {
      const value = z[(image * bits + bit) * cells + (at % cells)] ?? 0;
      if (Math.abs(value) > SURE_Z) mask |= 1 << (bits - 1 - bit);
    }
    return mask;
  });
  const maskBits = (codes: ArrayLike<number>) => Array.from(codes, (code, at) => code & (sureBits[at] ?? 0));
  const differing = countDifferences(maskBits(actual), maskBits(expected.ints("vq.indices")));
  const sure = sureBits.filter((mask) => mask === 2 ** bits - 1).length;
  return judge(
    "tokenizer indices",
    differing,
    TOLERANCES.exact,
    `${sure} of ${sureBits.length} codes fully sure`,
  );
}
