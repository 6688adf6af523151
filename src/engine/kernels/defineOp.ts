/**
 * An operation of ours as a tfjs kernel of every backend: stock ops on wasm and cpu (its plain twin), a shader on WebGPU.
 * The same call gives the same numbers everywhere, so a model needs to know no backend.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { TrainerBackend } from "../device/trainerBackend.ts";

export interface Op<Inputs extends object, Attributes extends object> {
  /** Of the kernel, in tfjs's registry. */
  readonly name: string;
  /**
   * Composed from stock ops; intermediates are tidied for it. The oracle in tests and the baseline in benchmarks.
   * @returns the outputs in order
   */
  twin(inputs: Inputs, attributes: Attributes): tf.Tensor[];
  /** Whether the shader can run these; absent: all. */
  canRunOnGpu?(inputs: Infos<Inputs>, attributes: Attributes): boolean;
  /** On the GPU. @returns the outputs in the twin's order */
  webgpu?(backend: TrainerBackend, inputs: Infos<Inputs>, attributes: Attributes): tf.TensorInfo[];
}

/** The inputs as a kernel gets them. */
export type Infos<Inputs extends object> = { readonly [Name in keyof Inputs]: tf.TensorInfo };

const BACKENDS = ["cpu", "wasm", "webgpu"] as const;

let areTwinsForced = false;

/** Whether calls run shaders where they suit. */
export function runsShaders(): boolean {
  return tf.getBackend() === "webgpu" && !areTwinsForced;
}

/** From now on calls run shaders where there are some, or twins everywhere: what benchmarks compare. */
export function preferTwins(areTwins: boolean): void {
  areTwinsForced = areTwins;
}

/** Runs `body`, which must not be asynchronous, with the twins in the place of the shaders. */
export function withTwins<T>(body: () => T): T {
  const before = areTwinsForced;
  areTwinsForced = true;
  try {
    return body();
  } finally {
    areTwinsForced = before;
  }
}

/**
 * Registers an op with every backend.
 * @typeParam Inputs tensors by name; one that may be absent is optional
 * @returns the call; its outputs are owned by the caller and on no tape
 */
export function defineOp<Inputs extends object, Attributes extends object = object>(
  op: Op<Inputs, Attributes>,
): (inputs: Inputs, attributes: Attributes) => tf.Tensor[] {
  for (const backendName of BACKENDS) {
    tf.registerKernel({
      kernelName: op.name,
      backendName,
      kernelFunc: ({ inputs, attrs, backend }) => {
        const [infos, attributes] = [inputs as Infos<Inputs>, attrs as unknown as Attributes];
        const isShader =
          backendName === "webgpu" && !areTwinsForced && (op.canRunOnGpu?.(infos, attributes) ?? true);
        if (isShader && op.webgpu) return op.webgpu(backend as TrainerBackend, infos, attributes);
        return tf.tidy(() => op.twin(inputs as unknown as Inputs, attributes));
      },
    });
  }
  return (inputs, attributes) => {
    const outputs = tf
      .engine()
      .runKernel<tf.Tensor | tf.Tensor[]>(
        op.name,
        inputs as unknown as tf.NamedTensorMap,
        attributes as unknown as tf.NamedAttrMap,
      );
    return Array.isArray(outputs) ? outputs : [outputs];
  };
}
