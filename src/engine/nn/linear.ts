/**
 * The linear layer: y = x·Wᵀ + b, plus a low-rank adapter's scale·(x·Aᵀ)·Bᵀ where one is attached. A frozen weight is
 * no input of the taped op, so nothing is computed for its gradient.
 */
import * as tf from "@tensorflow/tfjs-core";
import { runQuantMatMul, runQuantMatMulGrad } from "../kernels/quantMatMul/quantMatMul.ts";
import { floatWeight, packedWeight, type Weight } from "../kernels/quantMatMul/weight.ts";
import { tapedOp } from "../kernels/tapedOp.ts";
import { LowRankAdapter } from "../lora/adapter.ts";
import type { QuantisedMatrix } from "../quant/quantise.ts";

/** Where a layer's tensors belong to another. */
interface Shared {
  readonly weight: Weight;
  readonly bias: tf.Tensor1D;
}

/**
 * One layer. Owns its adapter, and its weight and bias unless it is a view.
 * A weight in f32 lies input-major, and its transpose beside it once a twin needs it, so that the wide products are plain
 * ones: tfjs multiplies a transposed right operand ten times slower on wasm, and wrongly for some shapes on WebGPU
 * (spec/peers.md 2.1).
 */
export class Linear {
  readonly weight: Weight;
  /** [out] */
  readonly bias: tf.Tensor1D;
  /** Weight and bias receive gradients. */
  readonly isTrainable: boolean;
  readonly #isView: boolean;
  #adapter: LowRankAdapter | null = null;
  /** [out, in] */
  #transposed: tf.Tensor2D | null = null;

  private constructor({ weight, bias }: Shared, isTrainable: boolean, isView: boolean) {
    this.weight = weight;
    this.bias = bias;
    this.isTrainable = isTrainable;
    this.#isView = isView;
  }

  /** @param values [in, out] @param bias [out]; takes ownership of both */
  static of(values: tf.Tensor2D, bias: tf.Tensor1D, isTrainable = false): Linear {
    return new Linear({ weight: floatWeight(values), bias }, isTrainable, false);
  }

  /** A frozen layer in few bits. @param bias [out]; takes ownership */
  static ofMatrix(matrix: QuantisedMatrix, bias: tf.Tensor1D): Linear {
    return new Linear({ weight: packedWeight(matrix), bias }, false, false);
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
    if (this.isTrainable && this.weight.format === "f32") inputs.push(this.weight.values, this.bias);
    if (learner) inputs.push(learner.a, learner.b);
    const { weight, bias } = this;
    const low = adapter ? { a: adapter.a, b: adapter.b } : {};
    const attributes = { weight, transposed: () => this.transposedWeight(), scale: adapter?.scale ?? 0 };
    return tapedOp(inputs, () => {
      const [value, kept] = runQuantMatMul({ x, bias, ...low }, attributes);
      return {
        value: value as tf.Tensor2D,
        saved: kept ? [x, kept] : [x],
        backward: (dy, [savedX, savedLow]) => {
          const rows = { x: savedX as tf.Tensor, ...(savedLow ? { low: savedLow } : {}) };
          const wanted = { wantsInput: !isConstant, wantsAdapter: learner !== null };
          const gradients = runQuantMatMulGrad({ dy, ...rows, ...low }, { ...attributes, ...wanted });
          if (!this.isTrainable) return gradients;
          const own = [tf.matMul(rows.x as tf.Tensor2D, dy as tf.Tensor2D, true), tf.sum(dy, 0)];
          return [...gradients.slice(0, isConstant ? 0 : 1), ...own, ...gradients.slice(isConstant ? 0 : 1)];
        },
      };
    });
  }

  /** dx without the adapter. @param dy [R, out] @returns [R, in] */
  applyTransposed(dy: tf.Tensor2D): tf.Tensor2D {
    const { weight } = this;
    const attributes = { weight, transposed: () => this.transposedWeight(), scale: 0 };
    const wanted = { wantsInput: true, wantsAdapter: false };
    return runQuantMatMulGrad({ dy }, { ...attributes, ...wanted })[0] as tf.Tensor2D;
  }

  /** Wᵀ in f32, borrowed: kept where the weight is frozen, else made for the surrounding tidy. @returns [out, in] */
  transposedWeight(): tf.Tensor2D {
    const values = this.weight.format === "f32" ? this.weight.values : this.weight.expanded();
    if (this.isTrainable) return tf.transpose(values);
    this.#transposed ??= tf.keep(tf.transpose(values)) as tf.Tensor2D;
    return this.#transposed;
  }

  /**
   * A frozen layer that computes what this one computes now, whatever becomes of the adapter: its products are added to
   * a copy of a weight in f32, or stay beside a packed one. Owned by the caller; must not outlive this layer.
   */
  frozenCopy(): Linear {
    const { weight, bias } = this;
    const adapter = this.#adapter?.isEnabled ? this.#adapter : null;
    if (adapter && weight.format === "f32") {
      const merged = tf.tidy(() => {
        const delta = tf.matMul(tf.transpose(adapter.a), tf.transpose(tf.mul(adapter.b, adapter.scale)));
        return tf.add(weight.values, delta) as tf.Tensor2D;
      });
      return Linear.of(merged, tf.clone(bias));
    }
    const view = new Linear({ weight, bias }, false, true);
    if (adapter) {
      view.setAdapter(new LowRankAdapter(adapter.a, adapter.b, adapter.scale * adapter.a.shape[0]));
    }
    return view;
  }

  dispose(): void {
    this.setAdapter(null);
    this.#transposed?.dispose();
    this.#transposed = null;
    if (this.#isView) return;
    if (this.weight.format === "f32") this.weight.values.dispose();
    else this.weight.dispose();
    this.bias.dispose();
  }
}
