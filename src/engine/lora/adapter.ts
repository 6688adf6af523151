/**
 * One low-rank adapter: y += (alpha/r)·(x·Aᵀ)·Bᵀ, A and B as PEFT stores them. Its layer applies it (`nn/linear.ts`).
 *
 * Source: Hu et al., arXiv 2106.09685; huggingface/peft `LoraLayer`.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Rng } from "../rng.ts";

/** Owns its two variables. */
export class LowRankAdapter {
  /** [r, in] */
  readonly a: tf.Variable<tf.Rank.R2>;
  /** [out, r] */
  readonly b: tf.Variable<tf.Rank.R2>;
  /** alpha / r */
  readonly scale: number;
  /** Off: the layer computes as if there were no adapter. */
  isEnabled = true;
  /** On: the layer's ops give it no gradient. */
  isFrozen = false;

  /** @param a [r, in] @param b [out, r]; copied */
  constructor(a: tf.Tensor2D, b: tf.Tensor2D, alpha: number) {
    this.a = tf.variable(a);
    this.b = tf.variable(b);
    this.scale = alpha / a.shape[0];
  }

  dispose(): void {
    this.a.dispose();
    this.b.dispose();
  }
}

/** A layer as adapters see it: where one can be put. Owns its adapter. */
export class AdapterSlot {
  readonly inSize: number;
  readonly outSize: number;
  #adapter: LowRankAdapter | null = null;

  constructor(inSize: number, outSize: number) {
    this.inSize = inSize;
    this.outSize = outSize;
  }

  get adapter(): LowRankAdapter | null {
    return this.#adapter;
  }

  /** Takes the adapter off without freeing it: it is the caller's now. */
  takeAdapter(): LowRankAdapter | null {
    const taken = this.#adapter;
    this.#adapter = null;
    return taken;
  }

  /** Puts an adapter on (takes ownership) or, with null, takes it off; an earlier one is disposed. */
  setAdapter(adapter: LowRankAdapter | null): void {
    this.#adapter?.dispose();
    this.#adapter = adapter;
  }
}

/**
 * A fresh adapter that changes nothing yet: A uniform in ±1/√in (Kaiming with a = √5, PEFT's default), B zero.
 * Draws `rank · inSize` numbers from `rng`.
 */
export function createAdapter(
  sizes: { readonly inSize: number; readonly outSize: number },
  rank: number,
  alpha: number,
  rng: Rng,
): LowRankAdapter {
  const bound = 1 / Math.sqrt(sizes.inSize);
  const values = rng.uniforms(rank * sizes.inSize).map((value) => (2 * value - 1) * bound);
  const a = tf.tensor2d(values, [rank, sizes.inSize]);
  const b = tf.zeros<tf.Rank.R2>([sizes.outSize, rank]);
  const adapter = new LowRankAdapter(a, b, alpha);
  tf.dispose([a, b]);
  return adapter;
}
