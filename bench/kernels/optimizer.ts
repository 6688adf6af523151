/** One AdamW update of a whole adapter: gradients summed, norms taken, every parameter and its moments written. */
import * as tf from "@tensorflow/tfjs-core";
import { AdamW } from "../../src/engine/optim/adamw.ts";
import { asyncShaderAndTwin, readAll } from "../contenders.ts";
import { randomTensor } from "../random.ts";
import type { ModelSizes } from "../sizes.ts";
import type { Planned } from "../suite.ts";

const LEARNING_RATE = 1e-3;

/** Shapes of A and B of every linear layer of the blocks. */
function adapterShapes({ width, layers, rank }: ModelSizes): [number, number][] {
  const pair = (inSize: number, outSize: number): [number, number][] => [
    [rank, inSize],
    [outSize, rank],
  ];
  const square = pair(width, width);
  const block = [
    ...square,
    ...square,
    ...square,
    ...square,
    ...pair(width, 4 * width),
    ...pair(4 * width, width),
  ];
  return Array.from({ length: layers }, () => block).flat();
}

class Trained {
  readonly #variables: tf.Variable[];
  readonly #gradients: tf.Tensor[];
  readonly #optimizer: AdamW;

  constructor(sizes: ModelSizes) {
    const shapes = adapterShapes(sizes);
    this.#variables = shapes.map((shape, at) =>
      tf.tidy(() => tf.variable(randomTensor(`parameter ${at}`, ...shape))),
    );
    this.#gradients = shapes.map((shape, at) => randomTensor(`gradient ${at}`, ...shape));
    this.#optimizer = new AdamW(this.#variables.map((variable, at) => ({ name: `${at}`, variable })));
  }

  update(): void {
    const sum = this.#optimizer.startSum();
    const named = this.#variables.map(
      ({ name }, at) => [name, tf.clone(this.#gradients[at] as tf.Tensor)] as const,
    );
    sum.add(Object.fromEntries(named));
    sum.squaredNorms().dispose();
    this.#optimizer.update(sum, LEARNING_RATE, 1);
    sum.dispose();
  }

  values(): Promise<Float32Array> {
    return readAll(this.#variables);
  }

  dispose(): void {
    tf.dispose([this.#variables, this.#gradients]);
    this.#optimizer.dispose();
  }
}

/** @param sizes of the model whose adapter it is */
export function planOptimizer(sizes: ModelSizes): Planned {
  const { width, layers, rank } = sizes;
  return {
    name: `AdamW update, ${sizes.name}`,
    open: async () => {
      const trained = new Trained(sizes);
      return {
        shape: { width, layers, rank },
        contenders: asyncShaderAndTwin({
          work: async () => trained.update(),
          values: async () => {
            // Parameters move with every update, so what is compared begins anew.
            const fresh = new Trained(sizes);
            fresh.update();
            const values = await fresh.values();
            fresh.dispose();
            return values;
          },
        }),
        dispose: () => trained.dispose(),
      };
    },
  };
}
