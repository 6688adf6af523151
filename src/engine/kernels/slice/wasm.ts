/**
 * tfjs's wasm backend copies the whole tensor before it takes a slice of it. A slice along one axis is a block copy for
 * each index of the axes before, straight out of the heap.
 */
import * as tf from "@tensorflow/tfjs-core";
import { takeOver, type WasmBackend } from "../takeOver.ts";

interface SliceCall {
  readonly inputs: { readonly x: tf.TensorInfo };
  readonly attrs: { readonly begin: number | number[]; readonly size: number | number[] };
  readonly backend: WasmBackend;
}

function sliceBlocks({ inputs: { x }, attrs, backend }: SliceCall): tf.TensorInfo | null {
  if (x.dtype !== "float32" && x.dtype !== "int32") return null;
  const [begin, size] = tf.slice_util.parseSliceParams(x as tf.Tensor, attrs.begin, attrs.size) as number[][];
  if (!begin || !size) return null;
  const cut = x.shape.flatMap((side, axis) => (size[axis] === side ? [] : [axis]));
  if (cut.length > 1) return null;
  const axis = cut[0] ?? 0;
  const out = backend.makeOutput(size, x.dtype);
  const source = backend.typedArrayFromHeap(x);
  const target = backend.typedArrayFromHeap(out);
  const width = tf.util.sizeFromShape(x.shape.slice(axis + 1));
  const [stride, length] = [(x.shape[axis] ?? 1) * width, (size[axis] ?? 1) * width];
  const first = (begin[axis] ?? 0) * width;
  for (let from = first, to = 0; to < target.length; from += stride, to += length) {
    target.set(source.subarray(from, from + length), to);
  }
  return out;
}

/** Puts the block copy before the wasm backend's `Slice`. */
export function registerSliceBlocks(): void {
  takeOver<SliceCall>("Slice", () => sliceBlocks);
}
