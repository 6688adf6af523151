/**
 * The linear layer: y = x·W + b, plus a low-rank adapter's scale·(x·Aᵀ)·Bᵀ where one is attached. A frozen weight is
 * no input of the taped op, so nothing is computed for its gradient.
 */
import * as tf from "@tensorflow/tfjs-core";
import { tapedOp } from "../kernels/tapedOp.ts";
import type { LowRankAdapter } from "../lora/adapter.ts";

/**
 * One layer. Owns its weight, bias and adapter.
 * The weight lies input-major, and its transpose beside it once needed, so that the wide products are plain ones:
 * tfjs multiplies a transposed right operand ten times slower on wasm, and wrongly for some shapes on WebGPU
 * (spec/peers.md 2.1).
 */
export class Linear {
  /** [in, out] */
  readonly weight: tf.Tensor2D;
  /** [out] */
  readonly bias: tf.Tensor1D;
  /** Weight and bias receive gradients. */
  readonly isTrainable: boolean;
  #adapter: LowRankAdapter | null = null;
  /** [out, in], made by the first backward pass through a frozen weight. */
  #transposed: tf.Tensor2D | null = null;

  /** @param weight [in, out] @param bias [out]; takes ownership of both */
  constructor(weight: tf.Tensor2D, bias: tf.Tensor1D, isTrainable = false) {
    this.weight = weight;
    this.bias = bias;
    this.isTrainable = isTrainable;
  }

  get adapter(): LowRankAdapter | null {
    return this.#adapter;
  }

  /** Puts an adapter on (takes ownership) or, with null, takes it off; an earlier one is disposed. */
  setAdapter(adapter: LowRankAdapter | null): void {
    this.#adapter?.dispose();
    this.#adapter = adapter;
  }

  /**
   * @param x [R, in] @param isConstant x needs no gradient, so none is computed
   * @returns [R, out], owned by the caller. Taped.
   */
  apply(x: tf.Tensor2D, isConstant = false): tf.Tensor2D {
    const adapter = this.#adapter?.isEnabled ? this.#adapter : null;
    const learner = adapter?.isFrozen ? null : adapter;
    const inputs: tf.Tensor[] = isConstant ? [] : [x];
    if (this.isTrainable) inputs.push(this.weight, this.bias);
    if (learner) inputs.push(learner.a, learner.b);
    return tapedOp(inputs, () => {
      const { value, low } = this.#forward(x, adapter);
      return {
        value,
        saved: low ? [x, low] : [x],
        backward: (dy, [savedX, savedLow]) => [
          ...(isConstant ? [] : [this.#inputGradient(dy as tf.Tensor2D, adapter)]),
          ...(this.isTrainable ? [tf.matMul(savedX as tf.Tensor2D, dy, true), tf.sum(dy, 0)] : []),
          ...(learner ? adapterGradients(dy, savedX as tf.Tensor2D, savedLow as tf.Tensor2D, learner) : []),
        ],
      };
    });
  }

  /** A frozen copy with the adapter added into its weight, owned by the caller. */
  merged(): Linear {
    const weight = tf.tidy(() => {
      const adapter = this.#adapter;
      if (!adapter) return tf.clone(this.weight);
      const delta = tf.matMul(tf.transpose(adapter.a), tf.transpose(tf.mul(adapter.b, adapter.scale)));
      return tf.add(this.weight, delta) as tf.Tensor2D;
    });
    return new Linear(weight, tf.clone(this.bias));
  }

  /** dx of a frozen layer without its adapter. @param dy [R, out] @returns [R, in] */
  applyTransposed(dy: tf.Tensor2D): tf.Tensor2D {
    if (this.isTrainable) return tf.matMul(dy, tf.transpose(this.weight));
    this.#transposed ??= tf.keep(tf.transpose(this.weight)) as tf.Tensor2D;
    return tf.matMul(dy, this.#transposed);
  }

  /** Wᵀ of a frozen layer, borrowed. @returns [out, in] */
  transposedWeight(): tf.Tensor2D {
    this.#transposed ??= tf.keep(tf.transpose(this.weight)) as tf.Tensor2D;
    return this.#transposed;
  }

  #forward(x: tf.Tensor2D, adapter: LowRankAdapter | null): { value: tf.Tensor2D; low: tf.Tensor2D | null } {
    const base = tf.fused.matMul({ a: x, b: this.weight, bias: this.bias }) as tf.Tensor2D;
    if (!adapter) return { value: base, low: null };
    const low = tf.matMul(x, tf.transpose(adapter.a)) as tf.Tensor2D;
    const delta = tf.matMul(low, tf.transpose(tf.mul(adapter.b, adapter.scale)));
    return { value: tf.add(base, delta), low };
  }

  #inputGradient(dy: tf.Tensor2D, adapter: LowRankAdapter | null): tf.Tensor2D {
    const base = this.applyTransposed(dy);
    if (!adapter) return base;
    return tf.add(base, tf.matMul(tf.matMul(dy, tf.mul(adapter.b, adapter.scale)), adapter.a));
  }

  dispose(): void {
    this.setAdapter(null);
    this.weight.dispose();
    this.bias.dispose();
    this.#transposed?.dispose();
    this.#transposed = null;
  }
}

/** @param dy [R, out] @param x [R, in] @param low x·Aᵀ [R, r] @returns dA [r, in], dB [out, r] */
function adapterGradients(
  dy: tf.Tensor,
  x: tf.Tensor2D,
  low: tf.Tensor2D,
  adapter: LowRankAdapter,
): [tf.Tensor, tf.Tensor] {
  const dLow = tf.matMul(dy, tf.mul(adapter.b, adapter.scale));
  return [
    tf.matMul(dLow, x, true),
    // (lowᵀ·dy)ᵀ transposes two narrow matrices instead of the wide dy.
    tf.transpose(tf.matMul(tf.mul(low, adapter.scale), dy, true)),
  ];
}
