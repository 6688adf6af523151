/** Forward and gradient in f32: our products and attention against @jax-js/jax and stock tfjs on the same numbers. */
import * as tf from "@tensorflow/tfjs-core";
import { findWasmFolder } from "../../src/cli/node/nodeBackend.ts";
import { startWasm } from "../../src/engine/device/wasm.ts";
import { omniAttention } from "../../src/engine/kernels/omniAttention/omniAttention.ts";
import { SequenceLayout } from "../../src/engine/kernels/omniAttention/sequences.ts";
import { quantLinear } from "../../src/engine/kernels/quantMatMul/quantMatMul.ts";
import { shaderAndTwin, tensorContender } from "../contenders.ts";
import { attentionFlops, productFlops } from "../flops.ts";
import { randomValues } from "../random.ts";
import type { Contender } from "../rounds.ts";
import type { Sizes } from "../sizes.ts";
import type { Planned } from "../suite.ts";
import { type HostArray, type JaxProgram, jaxGradients } from "./jax.ts";

/** Work that every library can be told. */
interface Work {
  readonly inputs: readonly HostArray[];
  readonly direction: HostArray;
  /** Of the inputs those that get a gradient. */
  readonly taped: readonly number[];
  readonly ours: (...inputs: tf.Tensor[]) => tf.Tensor;
  /** Plain tfjs, as its user would write it. */
  readonly plain: (...inputs: tf.Tensor[]) => tf.Tensor;
  readonly jax: JaxProgram;
}

function host(name: string, ...shape: number[]): HostArray {
  return { values: randomValues(name, ...shape), shape };
}

/** @returns the value, and the gradients of the taped inputs of Σ direction·run(inputs) */
function differentiate({ inputs, direction, taped }: Work, run: Work["ours"]): () => tf.Tensor[] {
  const upload = ({ values, shape }: HostArray) => tf.tensor(values, [...shape]);
  const all = inputs.map(upload);
  const weights = upload(direction);
  const given = taped.map((at) => all[at] as tf.Tensor);
  // The tape knows its tensors by themselves, so the others need not be passed.
  const compute = tf.valueAndGrads(() => tf.sum(tf.mul(run(...all), weights)) as tf.Scalar);
  return () => compute(given).grads;
}

/** Stock tfjs on wasm; without threads, which it cannot start in Node. */
function wasmContender(work: Work): Contender {
  let compute: (() => tf.Tensor[]) | null = null;
  const prepare = async () => {
    if (!tf.findBackend("wasm")) await startWasm(findWasmFolder(), false);
    await tf.setBackend("wasm");
    compute ??= differentiate(work, work.plain);
  };
  return { ...tensorContender("tfjs wasm", () => compute?.() ?? []), prepare };
}

function contendersOf(work: Work): Contender[] {
  const onGpu = shaderAndTwin(differentiate(work, work.ours)).map((contender) => ({
    ...contender,
    prepare: async () => {
      await tf.setBackend("webgpu");
    },
  }));
  const { jax, inputs, direction, taped } = work;
  return [
    ...onGpu,
    jaxGradients("webgpu", jax, inputs, direction, taped),
    wasmContender(work),
    jaxGradients("wasm", jax, inputs, direction, taped),
  ];
}

function product(side: number): Planned {
  return {
    name: `f32 product and gradient, ${side}³`,
    open: async () => ({
      shape: { rows: side, inner: side, columns: side },
      contenders: contendersOf({
        inputs: [host("x", side, side), host("w", side, side)],
        direction: host("direction", side, side),
        taped: [0],
        ours: (x, w) => quantLinear(x as tf.Tensor2D, w as tf.Tensor2D, null, []),
        plain: (x, w) => tf.matMul(x, w),
        jax: ({ numpy }, x, w) => numpy.matmul(x, w),
      }),
      flops: 2 * productFlops(side, side, side),
    }),
  };
}

/** Softmax attention from stock ops. @param q [1, L, H, hd], as k and v @returns [1, L, H, hd] */
function composedAttention(q: tf.Tensor, k: tf.Tensor, v: tf.Tensor): tf.Tensor {
  const [query, key, value] = [q, k, v].map((part) => tf.transpose(part, [0, 2, 1, 3])) as [
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
  ];
  const scores = tf.mul(tf.matMul(query, key, false, true), 1 / Math.sqrt(q.shape[3] ?? 1));
  return tf.transpose(tf.matMul(tf.softmax(scores), value), [0, 2, 1, 3]);
}

/** The same in jax-js, whose own attention needs a newer Node than we do. */
const composedJaxAttention: JaxProgram = ({ numpy, nn }, q, k, v) => {
  const scale = 1 / Math.sqrt(q.shape[3] ?? 1);
  const scores = numpy.matmul(numpy.transpose(q, [0, 2, 1, 3]), numpy.transpose(k, [0, 2, 3, 1])).mul(scale);
  const mixed = numpy.matmul(nn.softmax(scores, -1), numpy.transpose(v, [0, 2, 1, 3]));
  return numpy.transpose(mixed, [0, 2, 1, 3]);
};

/** Our attention, which has heads side by side in a row. @param given q, k and v [1, L, H, hd] @returns [1, L, H, hd] */
function attendRows(...given: tf.Tensor[]): tf.Tensor {
  const [, length = 0, heads = 0, headSize = 0] = given[0]?.shape ?? [];
  const [q, k, v] = given.map((part) => tf.reshape(part, [length, heads * headSize])) as [
    tf.Tensor2D,
    tf.Tensor2D,
    tf.Tensor2D,
  ];
  const block = { count: 1, queries: length, keyStart: 0, keys: length, ranges: null };
  const rows = omniAttention(q, k, v, heads, new SequenceLayout([block], length));
  return tf.reshape(rows, [1, length, heads, headSize]);
}

function attention({ rows, heads, headSize }: Sizes["peers"]["attention"]): Planned {
  const part = (name: string) => host(name, 1, rows, heads, headSize);
  return {
    name: `attention and gradient, ${rows} rows`,
    open: async () => ({
      shape: { rows, heads, headSize },
      contenders: contendersOf({
        inputs: [part("q"), part("k"), part("v")],
        direction: part("direction"),
        taped: [0, 1, 2],
        ours: attendRows,
        plain: composedAttention,
        jax: composedJaxAttention,
      }),
      flops: attentionFlops(rows, rows, heads * headSize, true),
    }),
  };
}

export function planGradients(sizes: Sizes["peers"]): Planned[] {
  return [...sizes.sides.map(product), attention(sizes.attention)];
}
