/** Matrix products per backend, at the shapes of the shipped model and of Show-o 1.3B's adapters. */
import * as tf from "@tensorflow/tfjs-core";
import { openDawn } from "../src/cli/node/dawn.ts";
import { startNodeBackend } from "../src/cli/node/nodeBackend.ts";
import type { Contender } from "./rounds.ts";

interface ProductShape {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

export const PRODUCT_SHAPES: readonly ProductShape[] = [
  { rows: 256, inner: 256, columns: 256 },
  { rows: 64, inner: 2048, columns: 16 },
];

/** Products in one measurement: a single one would time the clock. */
const REPEATS = 4;

function productOn(backend: "wasm" | "cpu" | "webgpu", { rows, inner, columns }: ProductShape): Contender {
  let inputs: [tf.Tensor2D, tf.Tensor2D] | null = null;
  const multiply = async () => {
    if (!inputs) return;
    const product = tf.matMul(inputs[0], inputs[1]);
    await product.data();
    product.dispose();
  };
  return {
    name: backend,
    // Starting anew drops the tensors of the round before.
    prepare: async () => {
      await startNodeBackend(backend);
      inputs = [tf.randomUniform([rows, inner], -1, 1), tf.randomUniform([inner, columns], -1, 1)];
      await multiply();
    },
    run: async () => {
      for (let repeat = 0; repeat < REPEATS; repeat++) await multiply();
    },
  };
}

/** The product on every backend this machine has. */
export async function productContenders(shape: ProductShape): Promise<Contender[]> {
  const backends: ("wasm" | "cpu" | "webgpu")[] = ["wasm", "cpu"];
  if (await openDawn()) backends.push("webgpu");
  return backends.map((backend) => productOn(backend, shape));
}

/** Billions of multiply-and-add pairs counted as two, per second. */
export function toGflops({ rows, inner, columns }: ProductShape, ms: number): number {
  return (REPEATS * 2 * rows * inner * columns) / ms / 1e6;
}
