/** The one way we put an op with its own gradient on the tfjs tape. */
import * as tf from "@tensorflow/tfjs-core";

/** What the forward half hands to the backward half. */
export interface TapedResults {
  readonly values: readonly tf.Tensor[];
  /** Tensors the gradient needs; nothing else of the forward half survives. */
  readonly saved: readonly tf.Tensor[];
  /**
   * Gradients in the order of the op's inputs, no tensor twice and none of those given.
   * @param dys of the values, zeros where nothing came @param saved as given above
   */
  readonly backward: (dys: readonly tf.Tensor[], saved: tf.Tensor[]) => tf.Tensor[];
}

/** As above, for an op with one result. */
export interface TapedResult<T extends tf.Tensor> extends Pick<TapedResults, "saved"> {
  readonly value: T;
  readonly backward: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor[];
}

/** Tensors kept for the gradient by their names. */
export interface NamedTensors<T> {
  /** What to save. */
  readonly list: tf.Tensor[];
  /** The same by name, as the gradient gets them. @param saved as `list` was given */
  read(saved: readonly tf.Tensor[]): T;
}

/** Names what a gradient needs, so that it need not count. */
export function keepNamed<T extends object>(tensors: T): NamedTensors<T> {
  const names = Object.keys(tensors);
  return {
    list: Object.values(tensors) as tf.Tensor[],
    read: (saved) => Object.fromEntries(names.map((name, at) => [name, saved[at]])) as T,
  };
}

/** What `tf.customGrad` is made of; it allows one result only. The package is frozen at 4.22. */
interface Tape {
  runKernelFunc(op: {
    readonly inputs: tf.NamedTensorMap;
    forwardFunc(backend: unknown, save: (tensors: readonly tf.Tensor[]) => void): readonly tf.Tensor[];
    backwardsFunc(dys: tf.Tensor | readonly tf.Tensor[], saved: tf.Tensor[]): Record<string, () => tf.Tensor>;
  }): tf.Tensor[];
}

/**
 * Runs `forward` as one op: its inner ops are not recorded, its intermediates are freed, those of the gradient too.
 * tfjs computes the gradients of all inputs together, so pass only inputs that can need one and close over the rest.
 * @returns the values, owned by the caller
 */
export function tapedOps(inputs: readonly tf.Tensor[], forward: () => TapedResults): tf.Tensor[] {
  let results: TapedResults;
  return (tf.engine() as unknown as Tape).runKernelFunc({
    inputs: Object.fromEntries(inputs.entries()),
    forwardFunc: (_, save) => {
      results = forward();
      save(results.saved);
      return [...results.values];
    },
    backwardsFunc: (given, saved) => {
      const dys = Array.isArray(given) ? (given as readonly tf.Tensor[]) : [given as tf.Tensor];
      const gradients = tf.tidy(() => results.backward(dys, saved));
      return Object.fromEntries(gradients.map((gradient, at) => [at, () => gradient]));
    },
  });
}

/** `tapedOps` of one result. */
export function tapedOp<T extends tf.Tensor>(inputs: readonly tf.Tensor[], forward: () => TapedResult<T>): T {
  const [value] = tapedOps(inputs, () => {
    const { value, saved, backward } = forward();
    return { values: [value], saved, backward: ([dy], kept) => backward(dy as tf.Tensor, kept) };
  });
  return value as T;
}
