/**
 * The linear layer: y = x·Wᵀ + b, plus a low-rank adapter's scale·(x·Aᵀ)·Bᵀ where one is attached. A frozen weight is
 * no input of the taped op, so nothing is computed for its gradient.
 */
import * as tf from "@tensorflow/tfjs-core";
import { isCompilingOnly } from "../device/compilation.ts";
import { PackedWeight } from "../kernels/quantMatMul/packedWeight.ts";
import { quantLinear } from "../kernels/quantMatMul/quantMatMul.ts";
import type { TokenHead } from "../kernels/tokenLogProb/tokenLogProb.ts";
import { LowRankAdapter } from "../lora/adapter.ts";
import type { QuantisedMatrix } from "../quant/quantFormat.ts";

/**
 * One layer. Owns its adapter, and its weight and bias unless it is a view.
 * A weight in f32 lies input-major, and its transpose beside it once a twin needs it, so that the wide products are plain
 * ones: tfjs multiplies a transposed right operand ten times slower on wasm, and wrongly for some shapes on WebGPU
 * (spec/peers.md 2.1).
 */
export class Linear {
  /** [in, out], or packed. */
  readonly weight: tf.Tensor2D | PackedWeight;
  /** [out] */
  readonly bias: tf.Tensor1D;
  /** Weight and bias receive gradients. */
  readonly isTrainable: boolean;
  readonly #isView: boolean;
  #adapter: LowRankAdapter | null = null;
  /** [out, in] */
  #transposed: tf.Tensor2D | null = null;

  /**
   * @param weight [in, out], or packed (frozen) @param bias [out]; takes ownership of both
   * @param isView weight and bias belong to another layer
   */
  constructor(weight: tf.Tensor2D | PackedWeight, bias: tf.Tensor1D, isTrainable = false, isView = false) {
    this.weight = weight;
    this.bias = bias;
    this.isTrainable = isTrainable;
    this.#isView = isView;
  }

  /** A frozen layer in few bits. @param bias [out]; takes ownership */
  static ofMatrix(matrix: QuantisedMatrix, bias: tf.Tensor1D): Linear {
    return new Linear(new PackedWeight(matrix), bias);
  }

  get inSize(): number {
    return this.weight instanceof PackedWeight ? this.weight.inSize : this.weight.shape[0];
  }

  get outSize(): number {
    return this.bias.shape[0];
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
    const { weight, bias } = this;
    const adapter = this.#adapter?.isEnabled ? this.#adapter : null;
    if (this.isTrainable && weight instanceof tf.Tensor) return applyTrainable(x, weight, bias, adapter);
    return quantLinear(x, weight, bias, adapter, {
      isConstant,
      isAdapterFrozen: adapter?.isFrozen ?? true,
      transposed: () => this.transposedWeight(),
    });
  }

  /** Wᵀ in f32, borrowed: kept where the weight is frozen, else made for the surrounding tidy. @returns [out, in] */
  transposedWeight(): tf.Tensor2D {
    if (this.weight instanceof PackedWeight) return this.weight.transposed();
    if (this.isTrainable) return tf.transpose(this.weight);
    if (this.#transposed) return this.#transposed;
    const transposed = tf.transpose(this.weight);
    if (!isCompilingOnly()) this.#transposed = tf.keep(transposed);
    return transposed;
  }

  /**
   * A frozen layer that computes what this one computes now, whatever becomes of the adapter: its products are added to
   * a copy of a weight in f32, or stay beside a packed one. Owned by the caller; must not outlive this layer.
   */
  frozenCopy(): Linear {
    const { weight, bias } = this;
    const adapter = this.#adapter?.isEnabled ? this.#adapter : null;
    if (adapter && weight instanceof tf.Tensor) {
      const merged = tf.tidy(() => {
        const delta = tf.matMul(tf.transpose(adapter.a), tf.transpose(tf.mul(adapter.b, adapter.scale)));
        return tf.add(weight, delta) as tf.Tensor2D;
      });
      return new Linear(merged, tf.clone(bias));
    }
    const view = new Linear(weight, bias, false, true);
    if (adapter) {
      view.setAdapter(new LowRankAdapter(adapter.a, adapter.b, adapter.scale * adapter.a.shape[0]));
    }
    return view;
  }

  /** Its adapter aside, as a head that tokens are scored by; borrowed. */
  asTokenHead(): TokenHead {
    const { weight, bias } = this;
    const dense = weight instanceof PackedWeight ? weight.dense() : weight;
    return { weight: dense, bias, transposedWeight: () => this.transposedWeight() };
  }

  dispose(): void {
    this.setAdapter(null);
    this.#transposed?.dispose();
    this.#transposed = null;
    if (this.#isView) return;
    this.weight.dispose();
    this.bias.dispose();
  }
}

/** The same on tfjs's own tape: everything receives gradients. Golden checks only, so plainness goes before speed. */
function applyTrainable(
  x: tf.Tensor2D,
  weight: tf.Tensor2D,
  bias: tf.Tensor1D,
  adapter: LowRankAdapter | null,
): tf.Tensor2D {
  const base = tf.add(tf.matMul(x, weight), bias) as tf.Tensor2D;
  if (!adapter) return base;
  const low = tf.matMul(x, adapter.a as unknown as tf.Tensor2D, false, true);
  const delta = tf.matMul(low, adapter.b as unknown as tf.Tensor2D, false, true);
  return tf.add(base, tf.mul(delta, adapter.scale));
}
