/** The one way we put an op with its own gradient on the tfjs tape. */
import * as tf from "@tensorflow/tfjs-core";

/** What the forward half hands to the backward half. */
export interface TapedResult<T extends tf.Tensor> {
  readonly value: T;
  /** Tensors the gradient needs; nothing else of the forward half survives. */
  readonly saved: tf.Tensor[];
  /** Gradients in the order of the op's inputs. @param saved as given above */
  readonly backward: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor[];
}

/**
 * Runs `forward` as one op: its inner ops are not recorded, its intermediates are freed, those of the gradient too.
 * tfjs computes the gradients of all inputs together, so pass only inputs that can need one and close over the rest.
 */
export function tapedOp<T extends tf.Tensor>(inputs: readonly tf.Tensor[], forward: () => TapedResult<T>): T {
  const op = tf.customGrad((...args) => {
    const save = args[args.length - 1] as unknown as tf.GradSaveFunc;
    const { value, saved, backward } = forward();
    save(saved);
    return {
      value,
      gradFunc: (dy: tf.Tensor, kept: tf.Tensor[]) => tf.tidy(() => backward(dy, kept)),
    };
  });
  return op(...inputs) as T;
}
