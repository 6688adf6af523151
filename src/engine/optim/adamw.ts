/** The optimizer of one run: which variables it moves, its moments, and states to go back to. */
import {
  clone,
  keep,
  type NamedTensorMap,
  type Tensor,
  tidy,
  type Variable,
  variable,
  zeros,
} from "@tensorflow/tfjs-core";
import { EngineError } from "../errors.ts";
import { overwritePacked, updateAdamW } from "../kernels/adamW/adamW.ts";
import { createPacking, type Packing, type Segment } from "../kernels/adamW/packing.ts";
import type { AdamWOptions } from "../kernels/adamW/twin.ts";
import { GradientSum } from "./gradientSum.ts";

/** spec/unirl.md 10.1: betas .9/.99 and no weight decay for LoRA. */
export const ADAMW_DEFAULTS: AdamWOptions = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0 };

/** One optimised tensor: its name in files, and the variable. */
export interface NamedVariable {
  readonly name: string;
  readonly variable: Variable;
}

/** One tensor of a state as checkpoints read and write it, wherever it is stored. */
export interface StoredTensor {
  readonly shape: readonly number[];
  /** Its values now; not to be changed. */
  data(): Promise<Float32Array>;
  /** @param values of the same shape, borrowed @throws EngineError("badInput") when they are not */
  assign(values: Tensor): void;
}

/** A parameter's running averages of gradient and squared gradient, both of the parameter's shape. */
export interface Moments {
  readonly first: StoredTensor;
  readonly second: StoredTensor;
}

/** A state to go back to. Owns its copies. */
export interface Snapshot {
  restore(): void;
  dispose(): void;
}

/** Rows of the packed moments. */
const FIRST = 0;
const SECOND = 1;

/** Borrows the variables, owns the moments. */
export class AdamW {
  /** Updates made so far: the t of the bias correction. */
  updates = 0;
  readonly options: AdamWOptions;
  readonly #variables: readonly NamedVariable[];
  readonly #packing: Packing;
  /** [2, P], of all parameters one behind the other. */
  readonly #moments: Variable;
  /** One download serves every moment; dropped with the next write. */
  #downloaded: Promise<Float32Array> | null = null;

  constructor(variables: readonly NamedVariable[], options: AdamWOptions = ADAMW_DEFAULTS) {
    this.options = options;
    this.#variables = variables;
    this.#packing = createPacking(variables.map(({ name, variable: { shape } }) => ({ name, shape })));
    this.#moments = tidy(() => variable(zeros([2, this.#packing.size]), false));
  }

  /** Moments by parameter name, in the order of the variables. Views: assign to them to restore a state. */
  moments(): ReadonlyMap<string, Moments> {
    const { segments } = this.#packing;
    return new Map(
      segments.map((segment) => [
        segment.name,
        { first: this.#viewOf(segment, FIRST), second: this.#viewOf(segment, SECOND) },
      ]),
    );
  }

  /** An empty sum for the gradients of the next update. Dispose it. */
  startSum(): GradientSum {
    const names = this.#variables.map(({ variable: parameter }) => parameter.name);
    return new GradientSum(this.#packing, names);
  }

  /**
   * Writes one update. Parameters without a gradient are left alone.
   * @param gradients a sum that this optimizer started, or tensors by `Variable.name`; borrowed
   * @param gradientScale factor on every gradient (see `clipFactor`)
   */
  update(gradients: GradientSum | NamedTensorMap, learningRate: number, gradientScale = 1): void {
    if (gradients instanceof GradientSum) {
      this.#write(gradients, learningRate, gradientScale);
      return;
    }
    const sum = this.startSum();
    const borrowed = Object.entries(gradients).map(([name, gradient]) => [name, clone(gradient)] as const);
    sum.add(Object.fromEntries(borrowed));
    this.#write(sum, learningRate, gradientScale);
    sum.dispose();
  }

  #write(sum: GradientSum, learningRate: number, gradientScale: number): void {
    if (sum.packing !== this.#packing) {
      throw new EngineError(
        "badInput",
        "These gradients were summed for another optimizer: use its startSum.",
      );
    }
    this.updates += 1;
    this.#downloaded = null;
    updateAdamW({
      packing: this.#packing,
      parameters: this.#variables.map(({ variable: parameter }) => parameter),
      reached: sum.reached,
      gradients: sum.packed,
      gradientScale,
      moments: this.#moments,
      step: { update: this.updates, learningRate, options: this.options },
    });
  }

  /** Keeps everything that updates write, so that several updates can be undone together. Dispose it. */
  snapshot(): Snapshot {
    const { updates } = this;
    const written = [...this.#variables.map(({ variable: parameter }) => parameter), this.#moments];
    // Clones share the buffer until the next update gives the variable one of its own.
    const copies = written.map((held) => keep(clone(held)));
    return {
      restore: () => {
        this.updates = updates;
        this.#downloaded = null;
        for (const [at, held] of written.entries()) held.assign(copies[at] as Tensor);
      },
      dispose: () => {
        for (const copy of copies) copy.dispose();
      },
    };
  }

  #viewOf({ name, shape, size, offset }: Segment, row: number): StoredTensor {
    const start = row * this.#packing.size + offset;
    return {
      shape,
      data: async () => {
        this.#downloaded ??= this.#moments.data<"float32">();
        return (await this.#downloaded).subarray(start, start + size);
      },
      assign: (values) => {
        if (values.shape.join() !== shape.join()) {
          const message = `The moments of ${name} are [${shape.join(", ")}], not [${values.shape.join(", ")}].`;
          throw new EngineError("badInput", message, { tensor: name });
        }
        this.#downloaded = null;
        overwritePacked(this.#moments, start, values);
      },
    };
  }

  dispose(): void {
    this.#moments.dispose();
  }
}
