/**
 * WGSL of rows times a matrix, for kernels that use the products at once and never store them all: a thread computes
 * 4 rows × 4 columns in registers, a workgroup of 64 threads 16 × 64 (or 4 × 256 where there are few rows).
 * No shared memory: neighbouring threads read neighbouring columns, and rows from cache. The matrix is f32 or packed.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { GpuProgram } from "../device/gpuProgram.ts";
import { layoutOf, QUANT_FORMATS, type QuantFormat } from "../quant/quantFormat.ts";
import { unpacking, type WeightFormat } from "./quantMatMul/operands.ts";

export const TILE_THREADS = 64;
/** Rows, and columns, of a thread. */
export const TILE_SIDE = 4;
/** Rows up to which a workgroup is one thread high. */
const FEW_ROWS = 4;

/** What is written into a program's text. */
export type TileKey = readonly [rowThreads: number, hasFours: boolean, format: WeightFormat];

/** Type of f32 buffers whose rows are whole vectors, and of others. */
export const tileElement = (hasFours: boolean) => (hasFours ? ("vec4<f32>" as const) : ("f32" as const));

/** Buffers of the matrix: f32 by its rows [D, V], packed by its columns [V, words]. */
export function matrixInputs([, hasFours, format]: TileKey): GpuProgram["inputs"] {
  return format === "f32" ? { matrix: tileElement(hasFours) } : { packed: "u32", scales: "u32" };
}

/** Buffers and uniforms that `rowTile` reads, by these names. */
export function tileInputs(key: TileKey): GpuProgram["inputs"] {
  return { rows: tileElement(key[1]), ...matrixInputs(key) };
}
export const TILE_UNIFORMS = {
  rowCount: "u32",
  inner: "u32",
  columns: "u32",
  wordsPerRow: "u32",
  scaleWordsPerRow: "u32",
} as const;

/** The matrix [D, V] of a call, with V as a linear layer's out. */
export interface TileMatrix {
  readonly format: WeightFormat;
  /** D */
  readonly inSize: number;
  /** V */
  readonly outSize: number;
}

/** Sizes of one call. */
export interface TileCall {
  readonly key: TileKey;
  readonly uniforms: Readonly<Record<keyof typeof TILE_UNIFORMS, number>>;
  /** Tiles down. */
  readonly rowGroups: number;
  /** Columns of a workgroup's tile. */
  readonly tileColumns: number;
}

/** @param rows [R, D] */
export function tileCall({ shape: [rowCount = 0] }: TensorInfo, matrix: TileMatrix): TileCall {
  const { format, inSize: inner, outSize: columns } = matrix;
  const rowThreads = rowCount <= FEW_ROWS ? 1 : 4;
  const layout = format === "f32" ? { wordsPerRow: 0, scaleWordsPerRow: 0 } : layoutOf(format, matrix);
  const { wordsPerRow, scaleWordsPerRow } = layout;
  return {
    key: [rowThreads, inner % 4 === 0 && columns % 4 === 0, format],
    uniforms: { rowCount, inner, columns, wordsPerRow, scaleWordsPerRow },
    rowGroups: Math.ceil(rowCount / (rowThreads * TILE_SIDE)),
    tileColumns: (TILE_THREADS / rowThreads) * TILE_SIDE,
  };
}

/** One line of WGSL for each row of a thread. */
export function eachRow(line: (row: number) => string): string {
  return Array.from({ length: TILE_SIDE }, (_, row) => line(row)).join("\n    ");
}

/** WGSL of an f32 product's loop: by fours of the inner dimension and of columns, or one by one with the last repeated. */
const loop = (hasFours: boolean) =>
  hasFours
    ? `let depth = params.inner / 4u;
    let stride = params.columns / 4u;
    ${eachRow((row) => `let start${row} = rowAt(row + ${row}u) * depth;`)}
    var at = column / 4u;
    for (var k = 0u; k < depth; k++) {
      let m0 = matrix[at];
      let m1 = matrix[at + stride];
      let m2 = matrix[at + 2u * stride];
      let m3 = matrix[at + 3u * stride];
      ${eachRow(
        (row) => `let h${row} = rows[start${row} + k];
      sum${row} += h${row}.x * m0 + h${row}.y * m1 + h${row}.z * m2 + h${row}.w * m3;`,
      )}
      at += 4u * stride;
    }`
    : `let places = min(vec4<u32>(column) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.columns - 1u));
    ${eachRow((row) => `let start${row} = rowAt(row + ${row}u) * params.inner;`)}
    for (var k = 0u; k < params.inner; k++) {
      let at = places + vec4<u32>(k * params.columns);
      let m = vec4<f32>(matrix[at.x], matrix[at.y], matrix[at.z], matrix[at.w]);
      ${eachRow((row) => `sum${row} += rows[start${row} + k] * m;`)}
    }`;

/** WGSL: four neighbours of a row, zeros behind its end. */
const rowQuad = (hasFours: boolean) => `
fn rowQuad(row: u32, at: u32) -> vec4<f32> {
  ${
    hasFours
      ? "return rows[row * (params.inner / 4u) + at];"
      : `let places = 4u * at + vec4<u32>(0u, 1u, 2u, 3u);
  let own = row * params.inner + min(places, vec4<u32>(params.inner - 1u));
  let values = vec4<f32>(rows[own.x], rows[own.y], rows[own.z], rows[own.w]);
  return select(vec4<f32>(0.0), values, places < vec4<u32>(params.inner));`
  }
}`;

/** WGSL of a packed product's loop: integers of a group are summed up first, then scaled. */
const packedLoop = (format: QuantFormat) => {
  const { groupSize } = QUANT_FORMATS[format];
  return `let depth = (params.inner + 3u) / 4u;
    let step = ${groupSize === null ? "depth" : `${groupSize / 4}u`};
    let n = min(vec4<u32>(column) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.columns - 1u));
    ${eachRow((row) => `let place${row} = rowAt(row + ${row}u);`)}
    for (var first = 0u; first < depth; first += step) {
      ${eachRow((row) => `var part${row} = vec4<f32>(0.0);`)}
      for (var k = first; k < min(first + step, depth); k++) {
        let m = mat4x4<f32>(codes(n.x, k), codes(n.y, k), codes(n.z, k), codes(n.w, k));
        ${eachRow((row) => `part${row} += rowQuad(place${row}, k) * m;`)}
      }
      let scale = vec4<f32>(scaleOf(n.x, first), scaleOf(n.y, first), scaleOf(n.z, first), scaleOf(n.w, first));
      ${eachRow((row) => `sum${row} += part${row} * scale;`)}
    }`;
};

/**
 * WGSL: `multiply(row, column)` gives 4 × 4 products. Rows beyond the last repeat it, and so do columns; `column` itself,
 * a multiple of 4, must exist. `COLUMN_THREADS` and `GROUP_ROWS` are the workgroup's layout.
 */
export function rowTile([rowThreads, hasFours, format]: TileKey): string {
  return `${format === "f32" ? "" : unpacking(format) + rowQuad(hasFours)}
const COLUMN_THREADS = ${TILE_THREADS / rowThreads}u;
const GROUP_ROWS = ${rowThreads * TILE_SIDE}u;
struct Tile { ${eachRow((row) => `row${row}: vec4<f32>,`)} }
fn rowAt(row: u32) -> u32 { return min(row, params.rowCount - 1u); }
fn multiply(row: u32, column: u32) -> Tile {
    ${eachRow((row) => `var sum${row} = vec4<f32>(0.0);`)}
    ${format === "f32" ? loop(hasFours) : packedLoop(format)}
    return Tile(sum0, sum1, sum2, sum3);
}`;
}
