/** Values for weights that nobody has trained: from a seed, a block at a time, of a spread that keeps activations alive. */
import type { createRng } from "../../engine/index.ts";

export type Shapes = ReadonlyMap<string, readonly number[]>;

/** Part of a tensor, in row-major order. */
export interface FakeBlock {
  readonly name: string;
  /** Values before the block. */
  readonly start: number;
  readonly values: Float32Array;
}

/** 4 MB. */
const BLOCK_VALUES = 2 ** 20;

export function countValues(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Tensors one after the other. A block is a function of seed, name and place alone. */
export function* fakeBlocks(rngOf: typeof createRng, shapes: Shapes, seed: number): Generator<FakeBlock> {
  for (const [name, shape] of shapes) {
    const count = countValues(shape);
    const inputs = countValues(shape.slice(1));
    const spread = shape.length === 1 ? 0.1 : 1.5 / Math.sqrt(inputs);
    const centre = shape.length === 1 && name.endsWith("weight") ? 1 : 0;
    for (let start = 0; start < count; start += BLOCK_VALUES) {
      const normal = rngOf(seed, name, start).normal(Math.min(BLOCK_VALUES, count - start));
      yield { name, start, values: normal.map((value) => value * spread + centre) };
    }
  }
}
