/** Puts a kernel of ours before one of tfjs's wasm backend, for the calls that it does better. */
import * as tf from "@tensorflow/tfjs-core";

/** What we use of tfjs's `BackendWasm`. Views are made after outputs are allocated: allocating may move the heap. */
export interface WasmBackend {
  typedArrayFromHeap(info: tf.TensorInfo): Float32Array | Int32Array;
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
}

/** Computes a call's output, or gives null when the call is for tfjs's own kernel. */
export type Compute<Call> = (call: Call) => tf.TensorInfo | null;

const taken = new Set<string>();

/**
 * Takes over `kernelName`; does nothing when the wasm backend's package is not loaded, or the second time.
 * @param prepare called once, when there is something to take over; null leaves tfjs's kernel alone
 */
export function takeOver<Call>(kernelName: string, prepare: () => Compute<Call> | null): void {
  const stock = tf.getKernel(kernelName, "wasm");
  if (!stock || taken.has(kernelName)) return;
  const compute = prepare();
  if (!compute) return;
  taken.add(kernelName);
  tf.unregisterKernel(kernelName, "wasm");
  tf.registerKernel({
    ...stock,
    kernelFunc: (call) => compute(call as unknown as Call) ?? stock.kernelFunc(call),
  });
}
