/** Calls of the linear layer's shaders: which form, how many workgroups. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { f32 } from "../../device/programCache.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { layoutOf } from "../../quant/quantise.ts";
import {
  columnProductsProgram,
  FLAT_THREADS,
  fewRowsProgram,
  forwardProgram,
  gradientProgram,
  outerSumProgram,
  rowProductsProgram,
  TILE_GROUP,
} from "./programs.ts";
import type { Wanted } from "./twin.ts";
import { bitsOf, type Weight } from "./weight.ts";

/** Rows up to which packed weights are read once by a workgroup per output. */
const FEW_ROWS = 4;
/** Rows of a thread's tile at most; packed tiles hold twice the numbers. */
const TILE_ROWS = { float: 8, packed: 4 };

/** Tensors that the shaders of a weight read; the weight's own come from the weight. */
export interface ForwardInputs {
  readonly x: TensorInfo;
  readonly bias: TensorInfo;
  readonly a?: TensorInfo;
  readonly b?: TensorInfo;
}

export interface BackwardInputs {
  readonly dy: TensorInfo;
  readonly x?: TensorInfo;
  readonly low?: TensorInfo;
  readonly a?: TensorInfo;
  readonly b?: TensorInfo;
}

/** The smallest power of two that holds the rows, up to the tile's height. */
function tileHeight(rows: number, most: number): number {
  let height = 1;
  while (height < rows && height < most) height *= 2;
  return height;
}

const weightInputs = (weight: Weight) =>
  weight.format === "f32" ? { weight: weight.values } : { packed: weight.packed, scales: weight.scales };

function uniformsOf(weight: Weight, rows: number) {
  const { inSize, outSize, format } = weight;
  const packed = format === "f32" ? { words: 0, scaleWords: 0, groupSize: 0 } : layoutOf(format, inSize);
  const { words, scaleWords, groupSize } = packed;
  return { rows, inSize, outSize, words, scaleWords, groupSize };
}

function alignmentOf({ inSize, outSize, format }: Weight) {
  // Packed values are read by eights, so the input beside them must have as many.
  return { isInAligned: inSize % (format === "f32" ? 4 : 8) === 0, isOutAligned: outSize % 4 === 0 };
}

const tiles = (size: number, tile: number) => Math.ceil(size / tile / TILE_GROUP);
const flat = (count: number) => [Math.ceil(count / FLAT_THREADS), 1, 1] as const;
const rankOf = (a: TensorInfo | undefined) => a?.shape[0] ?? 0;

/** @returns [y [R, out]], and with an adapter low = scale·x·Aᵀ [R, r] */
export function multiplyOnGpu(
  backend: TrainerBackend,
  { x, bias, a, b }: ForwardInputs,
  weight: Weight,
  scale: number,
): TensorInfo[] {
  const [rows = 0, inner = 0] = x.shape;
  const rank = rankOf(a);
  const low = a && rowProducts(backend, x, a, { rows, columns: rank, inner, scale });
  const inputs = { x, ...weightInputs(weight), bias, ...(low ? { low, b } : {}) };
  const uniforms = uniformsOf(weight, rows);
  const outputs = { y: f32([rows, weight.outSize]) };
  const { isInAligned, isOutAligned } = alignmentOf(weight);
  const bits = bitsOf(weight);
  const kept = low ? [low] : [];
  if (bits !== 32 && rows <= FEW_ROWS) {
    const program = fewRowsProgram(bits, tileHeight(rows, FEW_ROWS), rank, isInAligned);
    return [backend.runProgram(program, inputs, outputs, uniforms, [weight.outSize, 1, 1]).y, ...kept];
  }
  const height = tileHeight(rows, bits === 32 ? TILE_ROWS.float : TILE_ROWS.packed);
  const program = forwardProgram(bits, height, rank, isInAligned, isOutAligned);
  const groups = [tiles(weight.outSize, 4), tiles(rows, height), 1] as const;
  return [backend.runProgram(program, inputs, outputs, uniforms, groups).y, ...kept];
}

/** @returns of [dx [R, in], dA [r, in], dB [out, r]] those that are wanted */
export function multiplyGradientsOnGpu(
  backend: TrainerBackend,
  { dy, x, low, a, b }: BackwardInputs,
  weight: Weight,
  scale: number,
  { wantsInput, wantsAdapter }: Wanted,
): TensorInfo[] {
  const [rows = 0] = dy.shape;
  const rank = rankOf(a);
  const { inSize, outSize } = weight;
  const dLow = b && columnProducts(backend, dy, b, { rows, columns: rank, inner: outSize, scale });
  const gradients: TensorInfo[] = [];
  if (wantsInput) {
    const bits = bitsOf(weight);
    const height = tileHeight(rows, bits === 32 ? TILE_ROWS.float : TILE_ROWS.packed);
    const { isInAligned, isOutAligned } = alignmentOf(weight);
    const { dx } = backend.runProgram(
      gradientProgram(bits, height, rank, isInAligned, isOutAligned),
      { dy, ...weightInputs(weight), dLow, a },
      { dx: f32([rows, inSize]) },
      uniformsOf(weight, rows),
      [tiles(inSize, bits === 32 ? 4 : 8), tiles(rows, height), 1],
    );
    gradients.push(dx);
  }
  if (wantsAdapter && dLow && x && low) {
    gradients.push(outerSum(backend, dLow, x, { rows, left: rank, right: inSize }));
    gradients.push(outerSum(backend, dy, low, { rows, left: outSize, right: rank }));
  }
  if (dLow) backend.disposeData(dLow.dataId);
  return gradients;
}

interface ProductSizes {
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  readonly scale: number;
}

/** scale·X·Yᵀ */
function rowProducts(backend: TrainerBackend, x: TensorInfo, y: TensorInfo, sizes: ProductSizes): TensorInfo {
  const { rows, columns, inner } = sizes;
  const outputs = { products: f32([rows, columns]) };
  const program = rowProductsProgram(inner % 4 === 0);
  return backend.runProgram(program, { x, y }, outputs, { ...sizes }, flat(rows * columns)).products;
}

/** scale·X·Y */
function columnProducts(
  backend: TrainerBackend,
  x: TensorInfo,
  y: TensorInfo,
  sizes: ProductSizes,
): TensorInfo {
  const { rows, columns, inner } = sizes;
  const outputs = { products: f32([rows, columns]) };
  const program = columnProductsProgram(inner % 4 === 0);
  return backend.runProgram(program, { x, y }, outputs, { ...sizes }, flat(rows * columns)).products;
}

/** Pᵀ·Q */
function outerSum(
  backend: TrainerBackend,
  p: TensorInfo,
  q: TensorInfo,
  sizes: { readonly rows: number; readonly left: number; readonly right: number },
): TensorInfo {
  const outputs = { sums: f32([sizes.left, sizes.right]) };
  const program = outerSumProgram(sizes.right % 4 === 0);
  const count = sizes.left * Math.ceil(sizes.right / 4);
  return backend.runProgram(program, { p, q }, outputs, sizes, flat(count)).sums;
}
