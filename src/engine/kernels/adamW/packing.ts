/** Many small tensors as stretches of one long one: where each lies. */
import { util } from "@tensorflow/tfjs-core";

/** A tensor's place in the long one. */
export interface Segment {
  readonly name: string;
  readonly shape: readonly number[];
  /** Elements. */
  readonly size: number;
  /** Elements before it. */
  readonly offset: number;
}

/** S segments without gaps. */
export interface Packing {
  readonly segments: readonly Segment[];
  /** P, elements of all segments. */
  readonly size: number;
}

/** Lays tensors out one behind the other, in the order given. */
export function createPacking(
  tensors: readonly { readonly name: string; readonly shape: readonly number[] }[],
): Packing {
  let offset = 0;
  const segments = tensors.map(({ name, shape }) => {
    const segment = { name, shape, size: util.sizeFromShape([...shape]), offset };
    offset += segment.size;
    return segment;
  });
  return { segments, size: offset };
}
