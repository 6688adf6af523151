/** Running sum of gradients over passes. */
import { add, type NamedTensorMap, type Tensor } from "@tensorflow/tfjs-core";

/** Owns its tensors until `dispose`. */
export class GradientSum {
  readonly #sums: Record<string, Tensor> = {};

  /** Adds a pass' gradients, by `Variable.name`; takes ownership of them. */
  add(gradients: NamedTensorMap): void {
    for (const [name, gradient] of Object.entries(gradients)) {
      const sum = this.#sums[name];
      this.#sums[name] = sum ? add(sum, gradient) : gradient;
      if (!sum) continue;
      sum.dispose();
      gradient.dispose();
    }
  }

  /** The sums so far, borrowed. */
  gradients(): NamedTensorMap {
    return this.#sums;
  }

  dispose(): void {
    for (const [name, sum] of Object.entries(this.#sums)) {
      sum.dispose();
      delete this.#sums[name];
    }
  }
}
