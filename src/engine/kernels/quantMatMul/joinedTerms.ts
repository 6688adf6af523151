/** The adapters of a linear layer as tensors: one by one, and one under the other as the kernels read them. */
import * as tf from "@tensorflow/tfjs-core";
import { isCompilingOnly } from "../../device/compilation.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";

/** An adapter on neighbouring columns of a layer's output: y[:, start…] += scale·(x·Aᵀ)·Bᵀ. */
export interface LowRankTerm {
  /** [r, in] */
  readonly a: tf.Tensor2D;
  /** [columns, r] */
  readonly b: tf.Tensor2D;
  /** alpha / r */
  readonly scale: number;
  /** First column; absent: they are all columns. */
  readonly start?: number;
}

/** The matrices of several terms, one under the other. */
export interface JoinedTerms {
  /** [P·r, in] */
  readonly a: tf.Tensor2D;
  /** [Σ columns, r] */
  readonly b: tf.Tensor2D;
}

/** @returns copies, owned by the caller */
export function joinTerms(terms: readonly LowRankTerm[]): JoinedTerms {
  return { a: tf.concat(terms.map(({ a }) => a)), b: tf.concat(terms.map(({ b }) => b)) };
}

/** What a tensor holds: the same data, not written since. */
function contentOf({ dataId }: tf.Tensor): readonly unknown[] {
  // Only WebGPU's programs write in place.
  const { versionOf } = tf.backend() as Partial<TrainerBackend>;
  return [dataId, versionOf?.call(tf.backend(), dataId) ?? 0];
}

/** Keeps the joined matrices of a layer until one of them changes: adapters change once a step and are read many times. */
export class JoinedCopies {
  #content: readonly unknown[] = [];
  #joined: JoinedTerms | null = null;

  /** @returns borrowed, until the next call; the surrounding tidy's while programs are compiled and not run */
  join(terms: readonly LowRankTerm[]): JoinedTerms {
    if (isCompilingOnly()) return joinTerms(terms);
    const content = terms.flatMap(({ a, b }) => [...contentOf(a), ...contentOf(b)]);
    const known = this.#joined;
    const isSame =
      content.length === this.#content.length && content.every((part, at) => part === this.#content[at]);
    if (known && isSame) return known;
    this.dispose();
    const { a, b } = joinTerms(terms);
    this.#joined = { a: tf.keep(a), b: tf.keep(b) };
    this.#content = content;
    return this.#joined;
  }

  dispose(): void {
    tf.dispose([this.#joined?.a ?? [], this.#joined?.b ?? []]);
    this.#joined = null;
  }
}
