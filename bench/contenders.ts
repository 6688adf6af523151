/** Contenders that compute with tfjs on the backend that runs: by our shaders, and by stock ops. */
import * as tf from "@tensorflow/tfjs-core";
import { preferTwins, withTwins } from "../src/engine/kernels/defineOp.ts";
import { chooseKernels, finishGpu } from "./gpuWork.ts";
import { OURS, STOCK } from "./names.ts";
import { randomTensor } from "./random.ts";
import type { Contender } from "./rounds.ts";

/** All elements, tensor after tensor. */
export async function readAll(tensors: readonly tf.Tensor[]): Promise<Float32Array> {
  const parts = await Promise.all(tensors.map((tensor) => tensor.data()));
  const values = new Float32Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    values.set(part, offset);
    offset += part.length;
  }
  return values;
}

/** The gradients of all inputs of Σ direction·run(inputs), for a random direction. */
export function gradientsAlong(
  inputs: readonly tf.Tensor[],
  run: (...inputs: tf.Tensor[]) => tf.Tensor,
): () => tf.Tensor[] {
  const { shape } = tf.tidy(() => run(...inputs));
  const direction = randomTensor("direction", ...shape);
  const compute = tf.grads(run);
  return () => compute([...inputs], direction);
}

/**
 * A contender whose work is a synchronous computation. Its inputs stay where they are, its results are not read but when
 * they are compared.
 * @param compute makes tensors, which are disposed with all its intermediates
 */
export function tensorContender(name: string, compute: () => tf.Tensor[], areTwins = false): Contender {
  const once = (): tf.Tensor[] => (areTwins ? withTwins(() => tf.tidy(compute)) : tf.tidy(compute));
  return {
    name,
    // Comparing values has compiled everything.
    prepare: async () => {},
    run: async (times) => {
      for (let at = 0; at < times; at++) tf.dispose(once());
      await finishGpu();
    },
    values: async () => {
      const results = once();
      const values = await readAll(results);
      tf.dispose(results);
      return values;
    },
  };
}

/** The same computation by our shaders and by stock ops; off the GPU by the backend that runs. */
export function shaderAndTwin(compute: () => tf.Tensor[]): Contender[] {
  if (tf.getBackend() !== "webgpu") return [tensorContender(`tfjs ${tf.getBackend()}`, compute)];
  const choose = () => chooseKernels(async () => tf.dispose(tf.tidy(compute)));
  return [{ ...tensorContender(OURS, compute), choose }, tensorContender(STOCK, compute, true)];
}

/** Work that takes turns with the GPU. */
interface AsyncWork {
  readonly work: () => Promise<void>;
  /** Does the work once. @returns what it computed, to compare */
  readonly values: () => Promise<ArrayLike<number>>;
  /** As a contender's; for our shaders. */
  readonly choose?: () => Promise<void>;
}

/** A contender whose work is asynchronous, with twins in the place of the shaders where it says so. */
function asyncContender(name: string, { work, values }: AsyncWork, areTwins = false): Contender {
  const within = async <T>(body: () => Promise<T>): Promise<T> => {
    preferTwins(areTwins);
    try {
      return await body();
    } finally {
      preferTwins(false);
    }
  };
  return {
    name,
    // As above.
    prepare: async () => {},
    run: (times) =>
      within(async () => {
        for (let at = 0; at < times; at++) await work();
        await finishGpu();
      }),
    values: () => within(values),
  };
}

/** The same asynchronous work by our shaders and by stock ops; off the GPU by the backend that runs. */
export function asyncShaderAndTwin(work: AsyncWork): Contender[] {
  if (tf.getBackend() !== "webgpu") return [asyncContender(`tfjs ${tf.getBackend()}`, work)];
  const ours = asyncContender(OURS, work);
  return [work.choose ? { ...ours, choose: work.choose } : ours, asyncContender(STOCK, work, true)];
}
