/**
 * `gelu_new`, the tanh approximation of GELU: 0.5·x·(1 + tanh u) = x·σ(2u).
 *
 * Source: Hendrycks & Gimpel, arXiv 1606.08415; transformers `NewGELUActivation`.
 */
import type * as tf from "@tensorflow/tfjs-core";
import { defineOp } from "../defineOp.ts";
import { tapedOp } from "../tapedOp.ts";
import { gelu, geluGradient } from "./twin.ts";
import { geluGradientOnGpu, geluOnGpu } from "./webgpu.ts";

interface Backward {
  readonly dy: tf.Tensor;
  readonly x: tf.Tensor;
  /** The twin keeps σ; the shader computes it again. */
  readonly gate?: tf.Tensor;
}

const runForward = defineOp<{ readonly x: tf.Tensor }>({
  name: "GeluNew",
  twin: ({ x }) => gelu(x),
  webgpu: geluOnGpu,
});

const runBackward = defineOp<Backward>({
  name: "GeluNewGrad",
  twin: ({ dy, x, gate }) => [geluGradient(dy, x, gate ?? (gelu(x)[1] as tf.Tensor))],
  canRunOnGpu: ({ gate }) => gate === undefined,
  webgpu: geluGradientOnGpu,
});

/** x·σ(2·√(2/π)·(x + 0.044715·x³)). Taped. @param x any shape @returns same shape, owned by the caller */
export function geluNew<T extends tf.Tensor>(x: T): T {
  return tapedOp([x], () => {
    const [value, ...kept] = runForward({ x }, {});
    return {
      value: value as T,
      saved: [x, ...kept],
      backward: (dy, [savedX, gate]) =>
        runBackward({ dy, x: savedX as tf.Tensor, ...(gate ? { gate } : {}) }, {}),
    };
  });
}
