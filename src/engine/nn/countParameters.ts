import type { Tensor } from "@tensorflow/tfjs-core";

/** Numbers in all tensors together. */
export function countParameters(parameters: ReadonlyMap<string, Tensor>): number {
  return [...parameters.values()].reduce((total, { size }) => total + size, 0);
}
