/** `tf.tidy` for results of any shape. */
import * as tf from "@tensorflow/tfjs-core";

/** Frees every intermediate of `body` but the tensors reachable in its result (arrays and plain objects are searched). */
export function tidyAll<T>(body: () => T): T {
  return tf.tidy(() => body() as unknown as tf.TensorContainer) as unknown as T;
}

/** Frees every tensor reachable in `tree`. */
export function disposeAll(tree: unknown): void {
  tf.dispose(tree as tf.TensorContainer);
}
