/**
 * tfjs's wasm backend gathers element by element through index arithmetic (50 ns each). Taking whole rows along the
 * first axis, which is all that embeddings need, is a block copy a row.
 */
import type * as tf from "@tensorflow/tfjs-core";
import { takeOver, type WasmBackend } from "../takeOver.ts";

interface GatherCall {
  readonly inputs: { readonly x: tf.TensorInfo; readonly indices: tf.TensorInfo };
  readonly attrs: { readonly axis: number; readonly batchDims: number };
  readonly backend: WasmBackend;
}

function takesRows({ inputs, attrs }: GatherCall): boolean {
  const isWord = inputs.x.dtype === "float32" || inputs.x.dtype === "int32";
  return isWord && attrs.axis === 0 && attrs.batchDims === 0 && inputs.x.shape.length > 0;
}

function gatherRows({ inputs, backend }: GatherCall): tf.TensorInfo {
  const [rowCount = 0, ...rest] = inputs.x.shape;
  const width = rest.reduce((total, size) => total * size, 1);
  const out = backend.makeOutput([...inputs.indices.shape, ...rest], inputs.x.dtype);
  const source = backend.typedArrayFromHeap(inputs.x);
  const target = backend.typedArrayFromHeap(out);
  const indices = backend.typedArrayFromHeap(inputs.indices);
  for (const [at, row] of indices.entries()) {
    if (row < 0 || row >= rowCount) throw new RangeError(`gather: row ${row} of ${rowCount}`);
    if (width === 1) target[at] = source[row] ?? 0;
    else target.set(source.subarray(row * width, (row + 1) * width), at * width);
  }
  return out;
}

/** Puts the row copy before the wasm backend's `GatherV2`. */
export function registerGatherRows(): void {
  takeOver<GatherCall>("GatherV2", () => (call) => (takesRows(call) ? gatherRows(call) : null));
}
