/**
 * Gradient checkpointing: a part of the network that keeps nothing but its inputs and runs again when its gradient is
 * due. Memory then grows by one input per part instead of everything inside; the price is one more forward pass.
 *
 * Source: Chen et al., "Training deep nets with sublinear memory cost", arXiv 1604.06174.
 */
import * as tf from "@tensorflow/tfjs-core";
import { tapedOp } from "../kernels/tapedOp.ts";

/**
 * tfjs has one tape and drops it after a gradient, so a gradient within a gradient would end the outer one.
 * @returns gradients of `body` with respect to `xs` given dy, owned by the surrounding tidy
 */
function innerGradients(body: () => tf.Tensor, xs: tf.Tensor[], dy: tf.Tensor): tf.Tensor[] {
  const { state } = tf.engine();
  const outerTape = state.activeTape;
  try {
    const { value, grads } = tf.engine().gradients(body, xs, dy, true);
    value.dispose();
    // An input that the part does not use has no gradient.
    return grads.map((gradient, at) => gradient ?? tf.zerosLike(xs[at] as tf.Tensor));
  } finally {
    state.activeTape = outerTape;
  }
}

/** What a recomputed part reads. */
export interface PartInputs {
  /** Receive gradients. */
  readonly inputs: readonly tf.Tensor[];
  /** Read, and kept for the second run, but given no gradient. */
  readonly constants?: readonly tf.Tensor[];
  /** Variables that receive gradients within the part (adapters); it reads them itself. */
  readonly variables: readonly tf.Tensor[];
}

/**
 * body(inputs, constants), run again in the backward pass. Taped in the inputs and the variables. `body` must give the
 * same result again: nothing else that it reads may change before the backward pass.
 * @returns owned by the caller
 */
export function recomputed<T extends tf.Tensor>(
  { inputs, constants = [], variables }: PartInputs,
  body: (inputs: tf.Tensor[], constants: tf.Tensor[]) => T,
): T {
  return tapedOp([...inputs, ...variables], () => ({
    value: body([...inputs], [...constants]),
    saved: [...inputs, ...constants],
    backward: (dy, saved) => {
      const [again, fixed] = [saved.slice(0, inputs.length), saved.slice(inputs.length)];
      return innerGradients(() => body(again, fixed), [...again, ...variables], dy);
    },
  }));
}
