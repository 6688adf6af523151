/**
 * AdamW on tfjs variables: the formula as a pure function, and the optimizer that keeps its moments as tensors.
 * Source: Loshchilov and Hutter, "Decoupled weight decay regularization", algorithm 2, with a constant schedule.
 */
import {
  add,
  div,
  keep,
  mul,
  type NamedTensorMap,
  sqrt,
  square,
  sub,
  type Tensor,
  tidy,
  type Variable,
  variable,
  zeros,
} from "@tensorflow/tfjs-core";
import { EngineError } from "../errors.ts";

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** λ, per unit of learning rate. */
  readonly weightDecay: number;
}

/** spec/unirl.md 10.1: betas .9/.99 and no weight decay for LoRA. */
export const ADAMW_DEFAULTS: AdamWOptions = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0 };

/**
 * One AdamW update of one tensor. Pure; all tensors share one shape; the caller owns the three results.
 * m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², θ ← θ − lr·(m̂/(√v̂ + ε) + λθ), hats being bias-corrected.
 * @param update 1 for the first update
 */
export function adamWUpdate(
  current: {
    readonly parameter: Tensor;
    readonly gradient: Tensor;
    readonly first: Tensor;
    readonly second: Tensor;
  },
  update: number,
  learningRate: number,
  options: AdamWOptions = ADAMW_DEFAULTS,
): { parameter: Tensor; first: Tensor; second: Tensor } {
  const { beta1, beta2, epsilon, weightDecay } = options;
  return tidy(() => {
    const { parameter, gradient } = current;
    const first = add(mul(current.first, beta1), mul(gradient, 1 - beta1));
    const second = add(mul(current.second, beta2), mul(square(gradient), 1 - beta2));
    const firstHat = div(first, 1 - beta1 ** update);
    const secondHat = div(second, 1 - beta2 ** update);
    const direction = div(firstHat, add(sqrt(secondHat), epsilon));
    const decayed = weightDecay === 0 ? direction : add(direction, mul(parameter, weightDecay));
    return { parameter: sub(parameter, mul(decayed, learningRate)), first, second };
  });
}

/** One optimised tensor: its name in files, and the variable. */
export interface NamedVariable {
  readonly name: string;
  readonly variable: Variable;
}

/** A parameter's running averages of gradient and squared gradient, both of the parameter's shape. */
export interface Moments {
  readonly first: Variable;
  readonly second: Variable;
}

/** A state to go back to. Owns its copies. */
export interface Snapshot {
  restore(): void;
  dispose(): void;
}

/** The optimizer of one run. Borrows the variables, owns the moments. */
export class AdamW {
  /** Updates made so far: the t of the bias correction. */
  updates = 0;
  readonly options: AdamWOptions;
  readonly #variables: readonly NamedVariable[];
  readonly #moments: ReadonlyMap<string, Moments>;

  constructor(variables: readonly NamedVariable[], options: AdamWOptions = ADAMW_DEFAULTS) {
    this.options = options;
    this.#variables = variables;
    const zeroMoment = (shape: number[]): Variable => tidy(() => variable(zeros(shape), false));
    this.#moments = new Map(
      variables.map(({ name, variable: { shape } }) => [
        name,
        { first: zeroMoment(shape), second: zeroMoment(shape) },
      ]),
    );
  }

  /** Moments by parameter name, in the order of the variables. Borrowed: assign to them to restore a state. */
  moments(): ReadonlyMap<string, Moments> {
    return this.#moments;
  }

  /**
   * Writes one update. Parameters without a gradient are left alone.
   * @param gradients by `Variable.name`, borrowed @param gradientScale factor on every gradient (see `clipFactor`)
   */
  update(gradients: NamedTensorMap, learningRate: number, gradientScale = 1): void {
    this.updates += 1;
    for (const { name, variable: parameter } of this.#variables) {
      const raw = gradients[parameter.name];
      if (!raw) continue;
      const { first, second } = this.#momentsOf(name);
      tidy(() => {
        const gradient = gradientScale === 1 ? raw : mul(raw, gradientScale);
        const current = { parameter, gradient, first, second };
        const next = adamWUpdate(current, this.updates, learningRate, this.options);
        parameter.assign(next.parameter);
        first.assign(next.first);
        second.assign(next.second);
      });
    }
  }

  /** Copies everything that updates write, so that several updates can be undone together. Dispose it. */
  snapshot(): Snapshot {
    const { updates } = this;
    const written = this.#variables.flatMap(({ name, variable: parameter }) => {
      const { first, second } = this.#momentsOf(name);
      return [parameter, first, second];
    });
    const copies = written.map((held) => keep(held.clone()));
    return {
      restore: () => {
        this.updates = updates;
        for (const [at, held] of written.entries()) held.assign(copies[at] as Tensor);
      },
      dispose: () => {
        for (const copy of copies) copy.dispose();
      },
    };
  }

  #momentsOf(name: string): Moments {
    const moments = this.#moments.get(name);
    if (!moments)
      throw new EngineError("badInput", `The optimizer holds no moments for ${name}.`, { tensor: name });
    return moments;
  }

  dispose(): void {
    for (const { first, second } of this.#moments.values()) {
      first.dispose();
      second.dispose();
    }
  }
}
