/** Running sum of gradients over passes, all in one long tensor. */
import {
  dispose,
  type NamedTensorMap,
  type Tensor1D,
  tidy,
  type Variable,
  variable,
  zeros,
} from "@tensorflow/tfjs-core";
import { addPacked, packedSquaredNorms } from "../kernels/adamW/adamW.ts";
import type { Packing } from "../kernels/adamW/packing.ts";

/** Owns its sum until `dispose`. Made by `AdamW.startSum`. */
export class GradientSum {
  /** [P], borrowed: gradients one behind the other as `packing` says; zeros where there is none. */
  readonly packed: Variable;
  readonly packing: Packing;
  readonly #variableNames: readonly string[];
  readonly #reached: boolean[];

  /** @param variableNames `Variable.name` of each segment */
  constructor(packing: Packing, variableNames: readonly string[]) {
    this.packing = packing;
    this.#variableNames = variableNames;
    this.#reached = variableNames.map(() => false);
    this.packed = tidy(() => variable(zeros([packing.size]), false));
  }

  /** Which segments were given a gradient so far. */
  get reached(): readonly boolean[] {
    return this.#reached;
  }

  /** Adds a pass' gradients, by `Variable.name`; takes ownership of them. Those of strangers are ignored. */
  add(gradients: NamedTensorMap): void {
    const own = this.#variableNames.map((name) => gradients[name]);
    addPacked(this.packed, this.packing, own);
    for (const [at, gradient] of own.entries()) if (gradient) this.#reached[at] = true;
    dispose(gradients);
  }

  /** Σ g² of every segment, for `globalNorm`. @returns [S], owned by the caller */
  squaredNorms(): Tensor1D {
    return packedSquaredNorms(this.packed, this.packing);
  }

  dispose(): void {
    this.packed.dispose();
  }
}
