/** The tanh approximation of GELU. */
import type * as tf from "@tensorflow/tfjs-core";
import { defineOp } from "../defineOp.ts";
import { tapedOp } from "../tapedOp.ts";
import { gelu, geluGradient } from "./twin.ts";
import { geluGradientOnGpu, geluOnGpu } from "./webgpu.ts";

interface Backward {
  readonly x: tf.Tensor;
  readonly dy: tf.Tensor;
  /** σ, which the twin keeps: exponentials are dear on a CPU. The shader computes it again. */
  readonly gate?: tf.Tensor;
}

const runForward = defineOp<{ readonly x: tf.Tensor }>({ name: "GeluNew", twin: gelu, webgpu: geluOnGpu });

const runBackward = defineOp<Backward>({
  name: "GeluNewGrad",
  twin: geluGradient,
  canRunOnGpu: ({ gate }) => gate === undefined,
  webgpu: geluGradientOnGpu,
});

/**
 * `gelu_new`: x·σ(√(8/π)·(x + 0.044715·x³)). Taped.
 * Source: Hendrycks & Gimpel, arXiv 1606.08415; transformers `NewGELUActivation`, whose tanh is written with σ here.
 * @param x any shape @returns same shape, owned by the caller
 */
export function geluNew<T extends tf.Tensor>(x: T): T {
  return tapedOp([x], () => {
    const [value, ...kept] = runForward({ x }, {});
    return {
      value: value as T,
      saved: [x, ...kept],
      backward: (dy, saved) => {
        const [savedX, gate] = saved as [tf.Tensor, tf.Tensor?];
        return runBackward({ x: savedX, dy, ...(gate ? { gate } : {}) }, {});
      },
    };
  });
}
