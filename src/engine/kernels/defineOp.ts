/**
 * An operation of ours as a tfjs kernel of every backend: stock ops on wasm and cpu (its plain twin), a shader on WebGPU.
 * The same call gives the same numbers everywhere, so a model needs to know no backend.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { TrainerBackend } from "../device/trainerBackend.ts";

type Inputs<Names extends string> = Readonly<Record<Names, tf.Tensor>>;

export interface Op<Names extends string, Attributes extends object> {
  /** Of the kernel, in tfjs's registry. */
  readonly name: string;
  /**
   * Composed from stock ops; intermediates are tidied for it. The oracle in tests and the baseline in benchmarks.
   * @returns the outputs in order
   */
  twin(inputs: Inputs<Names>, attributes: Attributes): tf.Tensor[];
  /** On the GPU. @returns the outputs in the twin's order */
  webgpu?(
    backend: TrainerBackend,
    inputs: Readonly<Record<Names, tf.TensorInfo>>,
    attributes: Attributes,
  ): tf.TensorInfo[];
}

const BACKENDS = ["cpu", "wasm", "webgpu"] as const;

let areTwinsForced = false;

/** Runs `body` with the twins in the place of the shaders: what benchmarks and tests compare with. */
export function withTwins<T>(body: () => T): T {
  const before = areTwinsForced;
  areTwinsForced = true;
  try {
    return body();
  } finally {
    areTwinsForced = before;
  }
}

/** Registers an op with every backend. @returns the call; its outputs are owned by the caller and on no tape */
export function defineOp<Names extends string, Attributes extends object>(
  op: Op<Names, Attributes>,
): (inputs: Inputs<Names>, attributes: Attributes) => tf.Tensor[] {
  for (const backendName of BACKENDS) {
    tf.registerKernel({
      kernelName: op.name,
      backendName,
      kernelFunc: ({ inputs, attrs, backend }) => {
        const attributes = attrs as unknown as Attributes;
        if (op.webgpu && backendName === "webgpu" && !areTwinsForced) {
          return op.webgpu(backend as TrainerBackend, inputs as Record<Names, tf.TensorInfo>, attributes);
        }
        return tf.tidy(() => op.twin(inputs as unknown as Inputs<Names>, attributes));
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
