/**
 * WGSL of rows times a matrix, for kernels that use the products at once and never store them all: a thread computes
 * 4 rows × 4 columns in registers, a workgroup of 64 threads 16 × 64 (or 4 × 256 where there are few rows).
 * No shared memory: neighbouring threads read neighbouring columns, and rows from cache.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";

export const TILE_THREADS = 64;
/** Rows, and columns, of a thread. */
export const TILE_SIDE = 4;
/** Rows up to which a workgroup is one thread high. */
const FEW_ROWS = 4;

/** What is written into a program's text. */
export type TileKey = readonly [rowThreads: number, hasFours: boolean];

/** Buffers and uniforms that `rowTile` reads, by these names. */
export const tileInputs = (hasFours: boolean) => {
  const element = hasFours ? ("vec4<f32>" as const) : ("f32" as const);
  return { rows: element, matrix: element };
};
export const TILE_UNIFORMS = { rowCount: "u32", inner: "u32", columns: "u32" } as const;

/** Sizes of one call. */
export interface TileCall {
  readonly key: TileKey;
  readonly uniforms: Readonly<Record<keyof typeof TILE_UNIFORMS, number>>;
  /** Tiles down. */
  readonly rowGroups: number;
  /** Columns of a workgroup's tile. */
  readonly tileColumns: number;
}

/** @param rows [R, D] @param matrix [D, V] */
export function tileCall({ shape: [rowCount = 0] }: TensorInfo, { shape }: TensorInfo): TileCall {
  const [inner = 0, columns = 0] = shape;
  const rowThreads = rowCount <= FEW_ROWS ? 1 : 4;
  return {
    key: [rowThreads, inner % 4 === 0 && columns % 4 === 0],
    uniforms: { rowCount, inner, columns },
    rowGroups: Math.ceil(rowCount / (rowThreads * TILE_SIDE)),
    tileColumns: (TILE_THREADS / rowThreads) * TILE_SIDE,
  };
}

/** One line of WGSL for each row of a thread. */
export function eachRow(line: (row: number) => string): string {
  return Array.from({ length: TILE_SIDE }, (_, row) => line(row)).join("\n    ");
}

/** WGSL of the product's loop: by fours of the inner dimension and of columns, or one by one with the last repeated. */
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

/**
 * WGSL: `multiply(row, column)` gives 4 × 4 products. Rows beyond the last repeat it, and so do columns; `column` itself,
 * a multiple of 4, must exist. `COLUMN_THREADS` and `GROUP_ROWS` are the workgroup's layout.
 */
export function rowTile([rowThreads, hasFours]: TileKey): string {
  return `
const COLUMN_THREADS = ${TILE_THREADS / rowThreads}u;
const GROUP_ROWS = ${rowThreads * TILE_SIDE}u;
struct Tile { ${eachRow((row) => `row${row}: vec4<f32>,`)} }
fn rowAt(row: u32) -> u32 { return min(row, params.rowCount - 1u); }
fn multiply(row: u32, column: u32) -> Tile {
    ${eachRow((row) => `var sum${row} = vec4<f32>(0.0);`)}
    ${loop(hasFours)}
    return Tile(sum0, sum1, sum2, sum3);
}`;
}
