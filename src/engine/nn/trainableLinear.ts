/** The linear layer with weights that learn, on tfjs's own tape. For golden checks: plainness goes before speed. */
import * as tf from "@tensorflow/tfjs-core";
import { type ApplyOptions, Linear } from "./linear.ts";

/** Weight [in, out] and bias [out] of one layer. */
export interface LinearWeights {
  readonly weight: tf.Tensor2D;
  readonly bias: tf.Tensor1D;
}

/** One layer, or several side by side; everything receives gradients. What it copies or scores with is as of now. */
export class TrainableLinear extends Linear {
  readonly #layers: readonly LinearWeights[];

  /** @param layers borrowed */
  constructor(layers: readonly LinearWeights[]) {
    const weights = layers.map(({ weight }) => weight);
    const biases = layers.map(({ bias }) => bias);
    super(
      tf.concat(weights, 1),
      tf.concat(biases),
      biases.map(({ shape }) => shape[0]),
    );
    this.#layers = layers;
  }

  override apply(x: tf.Tensor2D, { residual }: ApplyOptions = {}): tf.Tensor2D {
    const outputs = this.#layers.map(({ weight, bias }, at) => {
      const base = tf.add(tf.matMul(x, weight), bias) as tf.Tensor2D;
      const adapter = this.slots[at]?.adapter;
      if (!adapter?.isEnabled) return base;
      const low = tf.matMul(x, adapter.a as unknown as tf.Tensor2D, false, true);
      const delta = tf.matMul(low, adapter.b as unknown as tf.Tensor2D, false, true);
      return tf.add(base, tf.mul(delta, adapter.scale)) as tf.Tensor2D;
    });
    const joined = tf.concat(outputs, 1);
    return residual ? tf.add(joined, residual) : joined;
  }
}
