/**
 * tfjs's wasm backend multiplies a plain matrix pair with XNNPACK, and everything else (batches, transposed operands)
 * in a scalar loop ten times slower. Attention is all batches: this kernel takes over exactly those.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type Compute, takeOver, type WasmBackend } from "../takeOver.ts";
import { createSimdMatMul, type SimdMatMul } from "./simdModule.ts";

interface MatMulCall {
  readonly inputs: { readonly a: tf.TensorInfo; readonly b: tf.TensorInfo };
  readonly attrs: { readonly transposeA: boolean; readonly transposeB: boolean };
  readonly backend: WasmBackend;
}

/** Sizes of a batch of products; counts of f32 elements. */
export interface BatchSizes {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** For each product, which matrix of a and of b it takes. */
  readonly pairs: readonly (readonly [number, number])[];
}

const PAGE_BYTES = 65_536;
/** Columns of b and c are padded to whole SIMD tiles. */
const TILE_COLUMNS = 8;

/** Multiplies batches on a module's own memory. */
export class BatchMultiplier {
  readonly #module: SimdMatMul = createSimdMatMul();

  /** @param a all matrices of a @param b all matrices of b @param out [pairs, rows, columns], overwritten */
  run(a: Float32Array, b: Float32Array, out: Float32Array, sizes: BatchSizes): void {
    const { rows, inner, columns, transposeA, transposeB, pairs } = sizes;
    const padded = Math.ceil(columns / TILE_COLUMNS) * TILE_COLUMNS;
    const at = this.#layOut([a.length, b.length, inner * padded, rows * padded, out.length]);
    const [atA = 0, atB = 0, atPacked = 0, atProduct = 0, atOut = 0] = at;
    const heap = new Float32Array(this.#module.memory.buffer);
    heap.set(a, atA / 4);
    heap.set(b, atB / 4);
    const [aRow, aColumn] = transposeA ? [4, rows * 4] : [inner * 4, 4];
    const [bRow, bColumn] = transposeB ? [4, inner * 4] : [columns * 4, 4];
    const { copy, multiply } = this.#module;
    const isPadded = padded > columns;
    for (const [index, [ofA, ofB]] of pairs.entries()) {
      const sourceB = atB + ofB * inner * columns * 4;
      const target = atOut + index * rows * columns * 4;
      const needsPacking = isPadded || transposeB;
      if (needsPacking) copy(sourceB, atPacked, inner, columns, bRow, bColumn, padded * 4);
      const readyB = needsPacking ? atPacked : sourceB;
      const result = isPadded ? atProduct : target;
      multiply(atA + ofA * rows * inner * 4, readyB, result, rows, inner, padded * 4, aRow, aColumn);
      if (isPadded) copy(atProduct, target, rows, columns, padded * 4, 4, columns * 4);
    }
    out.set(heap.subarray(atOut / 4, atOut / 4 + out.length));
  }

  /** Makes room for arrays of f32. @returns their byte addresses, multiples of 16 */
  #layOut(lengths: readonly number[]): number[] {
    let end = 0;
    const addresses = lengths.map((length) => {
      const address = end;
      end += Math.ceil(length / 4) * 16;
      return address;
    });
    const missing = end - this.#module.memory.buffer.byteLength;
    if (missing > 0) this.#module.memory.grow(Math.ceil(missing / PAGE_BYTES));
    return addresses;
  }
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, size) => total * size, 1);
}

/** Which matrices of two broadcast batches meet, in the order of the result. */
function pairUp(
  outer: readonly number[],
  outerA: readonly number[],
  outerB: readonly number[],
): [number, number][] {
  const locate = (own: readonly number[], index: number): number => {
    let rest = index;
    let stride = 1;
    let place = 0;
    for (let axis = outer.length - 1; axis >= 0; axis--) {
      const size = outer[axis] ?? 1;
      const ownSize = own[axis - (outer.length - own.length)] ?? 1;
      if (ownSize > 1) place += (rest % size) * stride;
      stride *= ownSize;
      rest = Math.floor(rest / size);
    }
    return place;
  };
  return Array.from({ length: product(outer) }, (_, index) => [locate(outerA, index), locate(outerB, index)]);
}

function multiplyBatches(multiplier: BatchMultiplier, { inputs, attrs, backend }: MatMulCall): tf.TensorInfo {
  const { a, b } = inputs;
  const { transposeA, transposeB } = attrs;
  const [outerA, outerB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const [lastA = 1, lastB = 1] = [a.shape.at(-1), b.shape.at(-1)];
  const [beforeA = 1, beforeB = 1] = [a.shape.at(-2), b.shape.at(-2)];
  const [rows, inner] = transposeA ? [lastA, beforeA] : [beforeA, lastA];
  const columns = transposeB ? beforeB : lastB;
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(outerA, outerB);
  const out = backend.makeOutput([...outer, rows, columns], "float32");
  const [viewA, viewB, viewOut] = [a, b, out].map((info) => backend.typedArrayFromHeap(info) as Float32Array);
  const pairs = pairUp(outer, outerA, outerB);
  if (viewA && viewB && viewOut) {
    multiplier.run(viewA, viewB, viewOut, { rows, inner, columns, transposeA, transposeB, pairs });
  }
  return out;
}

/** XNNPACK's case: one plain pair. */
function isPlainPair({ inputs, attrs }: MatMulCall): boolean {
  const isSingle = (info: tf.TensorInfo) => product(info.shape.slice(0, -2)) === 1;
  return !attrs.transposeA && !attrs.transposeB && isSingle(inputs.a) && isSingle(inputs.b);
}

/** Null where SIMD is missing. */
function prepare(): Compute<MatMulCall> | null {
  try {
    const multiplier = new BatchMultiplier();
    return (call) => (isPlainPair(call) ? null : multiplyBatches(multiplier, call));
  } catch {
    return null;
  }
}

/** Puts the SIMD kernel before the wasm backend's `BatchMatMul`. */
export function registerSimdBatchMatMul(): void {
  takeOver("BatchMatMul", prepare);
}
