/**
 * The linear layer: y = x·Wᵀ + b, plus a low-rank adapter's scale·(x·Aᵀ)·Bᵀ where one is attached; or several layers that
 * read the same x, computed as one with their outputs side by side. A frozen weight is no input of the taped op, so
 * nothing is computed for its gradient.
 */
import * as tf from "@tensorflow/tfjs-core";
import { isCompilingOnly } from "../device/compilation.ts";
import { EngineError } from "../errors.ts";
import { runsShaders } from "../kernels/defineOp.ts";
import { JoinedCopies, type LowRankTerm } from "../kernels/quantMatMul/joinedTerms.ts";
import { mergeTerms } from "../kernels/quantMatMul/mergedWeight.ts";
import { PackedWeight } from "../kernels/quantMatMul/packedWeight.ts";
import { quantLinear } from "../kernels/quantMatMul/quantMatMul.ts";
import type { TokenHead } from "../kernels/tokenLogProb/tokenLogProb.ts";
import { AdapterSlot, LowRankAdapter } from "../lora/adapter.ts";
import { joinMatrices } from "../quant/joinMatrices.ts";
import type { QuantisedMatrix } from "../quant/quantFormat.ts";

/** How one call differs. */
export interface ApplyOptions {
  /** x needs no gradient, so none is computed. */
  readonly isConstant?: boolean;
  /** Added to the result [R, out]. Taped. */
  readonly residual?: tf.Tensor2D;
}

/** A layer whose adapters are on. */
interface ActiveTerm extends LowRankTerm {
  readonly start: number;
  readonly isFrozen: boolean;
}

/**
 * Owns its slots' adapters, and its weight and bias unless it is a view.
 * A weight in f32 lies input-major, and its transpose beside it once a twin needs it, so that the wide products are plain
 * ones: tfjs multiplies a transposed right operand ten times slower on wasm, and wrongly for some shapes on WebGPU
 * (spec/peers.md 2.1).
 */
export class Linear {
  /** [in, out], or packed. */
  readonly weight: tf.Tensor2D | PackedWeight;
  /** [out] */
  readonly bias: tf.Tensor1D;
  /** Of the layers side by side, in the order of their columns; one where nothing was joined. */
  readonly slots: readonly AdapterSlot[];
  readonly #isView: boolean;
  readonly #joined = new JoinedCopies();
  /** [out, in] */
  #transposed: tf.Tensor2D | null = null;

  /**
   * @param weight [in, out], or packed @param bias [out]; takes ownership of both
   * @param outSizes columns of the layers side by side; one layer unless told
   * @param isView weight and bias belong to another layer
   */
  constructor(
    weight: tf.Tensor2D | PackedWeight,
    bias: tf.Tensor1D,
    outSizes: readonly number[] = [bias.shape[0]],
    isView = false,
  ) {
    this.weight = weight;
    this.bias = bias;
    this.#isView = isView;
    this.slots = outSizes.map((outSize) => new AdapterSlot(this.inSize, outSize));
  }

  /** A frozen layer in few bits. @param bias [out]; takes ownership */
  static ofMatrix(matrix: QuantisedMatrix, bias: tf.Tensor1D): Linear {
    return new Linear(new PackedWeight(matrix), bias);
  }

  /**
   * Layers of one input and format as one, their outputs side by side.
   * @param layers without adapters; used up: their weights are freed
   * @throws EngineError("badInput") when formats or inputs differ
   */
  static join(layers: readonly Linear[]): Linear {
    const bias = tf.concat(layers.map((layer) => layer.bias));
    const outSizes = layers.map(({ outSize }) => outSize);
    const weights = layers.map(({ weight }) => weight);
    const dense = weights.flatMap((weight) => (weight instanceof tf.Tensor ? weight : []));
    const packed = weights.flatMap((weight) => (weight instanceof PackedWeight ? weight.matrix : []));
    if (dense.length > 0 && packed.length > 0) {
      throw new EngineError("badInput", "A packed layer and one in f32 cannot be one: give all one format.");
    }
    const weight = packed.length > 0 ? new PackedWeight(joinMatrices(packed)) : tf.concat(dense, 1);
    for (const layer of layers) layer.dispose();
    return new Linear(weight, bias, outSizes);
  }

  get inSize(): number {
    return this.weight instanceof PackedWeight ? this.weight.inSize : this.weight.shape[0];
  }

  get outSize(): number {
    return this.bias.shape[0];
  }

  /** @param x [R, in] @returns [R, out], owned by the caller. Taped. */
  apply(x: tf.Tensor2D, { isConstant = false, residual }: ApplyOptions = {}): tf.Tensor2D {
    const terms = this.#activeTerms();
    return quantLinear(x, this.weight, this.bias, terms, {
      isConstant,
      isAdapterFrozen: terms.every(({ isFrozen }) => isFrozen),
      ...(residual ? { residual } : {}),
      joined: () => this.#joined.join(terms),
      transposed: () => this.transposedWeight(),
    });
  }

  /** Wᵀ in f32, borrowed. @returns [out, in] */
  transposedWeight(): tf.Tensor2D {
    if (this.weight instanceof PackedWeight) return this.weight.transposed();
    if (this.#transposed) return this.#transposed;
    const transposed = tf.transpose(this.weight) as tf.Tensor2D;
    if (!isCompilingOnly()) this.#transposed = tf.keep(transposed);
    return transposed;
  }

  /**
   * A layer that computes what this one computes now, whatever becomes of the adapters: their products are added to a copy
   * of the weight in f32, or stay beside packed words that shaders read. Owned by the caller; must not outlive this layer.
   */
  frozenCopy(): Linear {
    const { weight, bias } = this;
    const terms = this.#activeTerms();
    const outSizes = this.slots.map(({ outSize }) => outSize);
    const [first] = terms;
    // Where no shader reads packed words, their f32 copy takes the products as well.
    const isPacked = weight instanceof PackedWeight && runsShaders();
    if (first && !isPacked) {
      const spans = terms.map(({ start, b }) => ({ start, count: b.shape[0] }));
      const dense = weight instanceof PackedWeight ? weight.dense() : weight;
      const merged = tf.tidy(() => {
        const joined = terms.length > 1 ? this.#joined.join(terms) : first;
        return mergeTerms(dense, joined, spans, first.scale);
      });
      return new Linear(merged, tf.clone(bias), outSizes);
    }
    const view = new Linear(weight, bias, outSizes, true);
    for (const [at, { adapter }] of this.slots.entries()) {
      if (!adapter?.isEnabled) continue;
      const copy = new LowRankAdapter(adapter.a, adapter.b, adapter.scale * adapter.a.shape[0]);
      copy.isFrozen = true;
      view.slots[at]?.setAdapter(copy);
    }
    return view;
  }

  /** Its adapters aside, as a head that tokens are scored by; borrowed. */
  asTokenHead(): TokenHead {
    const { weight, bias } = this;
    return { weight, bias, transposedWeight: () => this.transposedWeight() };
  }

  dispose(): void {
    for (const slot of this.slots) slot.setAdapter(null);
    this.#joined.dispose();
    this.#transposed?.dispose();
    this.#transposed = null;
    if (this.#isView) return;
    this.weight.dispose();
    this.bias.dispose();
  }

  /** What a gradient of `apply` reaches now: the adapters' tensors, borrowed. */
  learners(): tf.Tensor[] {
    return this.#activeTerms().flatMap(({ a, b, isFrozen }) => (isFrozen ? [] : [a, b]));
  }

  #activeTerms(): ActiveTerm[] {
    let start = 0;
    return this.slots.flatMap(({ adapter, outSize }) => {
      const own = start;
      start += outSize;
      if (!adapter?.isEnabled) return [];
      const { a, b, scale, isFrozen } = adapter;
      return [{ a, b, scale, start: own, isFrozen }];
    });
  }
}
