/**
 * The adapters' small products: down to the rank, x·Aᵀ or dy·B, and the gradients of A and B. A workgroup shares
 * the long sum and adds its parts up in a fixed order: one dispatch for all adapters of a layer, no atomics, results that
 * repeat to the bit.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { f32, memoisedProgram } from "../../device/programCache.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import { type Span, termReader, termUniforms, termValues } from "./terms.ts";

/**
 * Columns of the rank that a thread sums at once. Rows, lanes and slices keep workgroup memory to 4 KB: software GPUs
 * compile a store for each word of it.
 */
const COLUMNS = 8;
/** Rows that a workgroup of `downProgram` shares. */
const ROWS = 2;
const THREADS = 64;
/** Threads of `gradientProgram` along the wide axis, and how many share its rows. */
const LANES = 16;
const SLICES = 8;

function unroll(count: number, line: (at: number) => string): string {
  return Array.from({ length: count }, (_, at) => line(at)).join("\n    ");
}

const columnsOf = (rank: number) => Math.min(rank, COLUMNS);

/** Workgroups in the y dimension that share a term's rank. */
const rankGroups = (rank: number) => Math.ceil(rank / columnsOf(rank));

const UNIFORMS = { rows: "u32", width: "u32", rank: "u32", lowWidth: "u32", scale: "f32" } as const;

/**
 * WGSL: which term a workgroup works for, its first place in low, and the columns' numbers within the rank; those beyond
 * it repeat the last and are not stored.
 */
const ownColumns = (columns: number) => `
  let groupsPerTerm = (params.rank + ${columns - 1}u) / ${columns}u;
  let termNumber = group.y / groupsPerTerm;
  let term = termOf(termNumber);
  let firstLow = termNumber * params.rank;
  let firstColumn = (group.y % groupsPerTerm) * ${columns}u;
  ${unroll(columns, (j) => `let j${j} = min(firstColumn + ${j}u, params.rank - 1u);`)}`;

/** low [rows, P·r] = scale · wide [rows, width] · N, each term's over its own columns; N is [r, width] or [Σ columns, r]. */
const downProgram = memoisedProgram((columns: number, isRankMajor: boolean, terms: number) => {
  const sums = ROWS * columns;
  const element = (j: number) =>
    isRankMajor ? `j${j} * params.width + at` : `(at + term.row - term.start) * params.rank + j${j}`;
  return {
    name: "quantMatMulDown",
    inputs: { wide: "f32", narrow: "f32" } as const,
    outputs: { low: "f32" } as const,
    uniforms: { ...UNIFORMS, ...termUniforms(terms) },
    body: `var<workgroup> parts: array<f32, ${THREADS * sums}>;${termReader(terms)}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let first = group.x * ${ROWS}u;
  ${unroll(ROWS, (row) => `let row${row} = min(first + ${row}u, params.rows - 1u) * params.width;`)}
  ${ownColumns(columns)}
  ${unroll(columns, (j) => `var sum${j} = vec2<f32>(0.0);`)}
  for (var at = term.start + thread; at < term.end; at += ${THREADS}u) {
    let values = vec2<f32>(wide[row0 + at], wide[row1 + at]);
    ${unroll(columns, (j) => `sum${j} += values * narrow[${element(j)}];`)}
  }
  ${unroll(columns, (j) => unroll(ROWS, (row) => `parts[thread * ${sums}u + ${row * columns + j}u] = sum${j}[${row}];`))}
  workgroupBarrier();
  if (thread >= ${sums}u) { return; }
  let row = first + thread / ${columns}u;
  let j = firstColumn + thread % ${columns}u;
  if (row >= params.rows || j >= params.rank) { return; }
  var total = 0.0;
  for (var other = 0u; other < ${THREADS}u; other++) { total += parts[other * ${sums}u + thread]; }
  low[row * params.lowWidth + firstLow + j] = total * params.scale;
}`,
  };
});

/** Each term's gradient [r, columns] or [columns, r] = scale · (lowᵀ · wide) over its columns of wide [rows, width]. */
const gradientProgram = memoisedProgram((columns: number, isRankMajor: boolean, terms: number) => ({
  name: "quantMatMulAdapterGradient",
  inputs: { wide: "f32", low: "f32" } as const,
  outputs: Object.fromEntries(
    Array.from({ length: terms }, (_, at) => [`gradient${at}`, "f32" as const]),
  ) as Record<string, "f32">,
  uniforms: { ...UNIFORMS, ...termUniforms(terms) },
  body: `var<workgroup> parts: array<f32, ${LANES * SLICES * columns}>;${termReader(terms)}
@compute @workgroup_size(${LANES}, ${SLICES})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) thread: vec3<u32>) {
  ${ownColumns(columns)}
  let count = term.end - term.start;
  let at = group.x * ${LANES}u + thread.x;
  let column = term.start + min(at, count - 1u);
  ${unroll(columns, (j) => `var sum${j} = 0.0;`)}
  for (var row = thread.y; row < params.rows; row += ${SLICES}u) {
    let value = wide[row * params.width + column];
    let place = row * params.lowWidth + firstLow;
    ${unroll(columns, (j) => `sum${j} += value * low[place + j${j}];`)}
  }
  ${unroll(columns, (j) => `parts[(thread.y * ${columns}u + ${j}u) * ${LANES}u + thread.x] = sum${j};`)}
  workgroupBarrier();
  let j = firstColumn + thread.y;
  if (thread.y >= ${columns}u || at >= count || j >= params.rank) { return; }
  var total = 0.0;
  for (var slice = 0u; slice < ${SLICES}u; slice++) {
    total += parts[(slice * ${columns}u + thread.y) * ${LANES}u + thread.x];
  }
  let place = ${isRankMajor ? "j * count + at" : "at * params.rank + j"};
  ${unroll(terms, (term) => `if (termNumber == ${term}u) { gradient${term}[place] = total * params.scale; }`)}
}`,
}));

/** Of one of the products. */
interface NarrowCall {
  /** [P] columns of the wide matrix that belong to each term. */
  readonly spans: readonly Span[];
  readonly scale: number;
}

/**
 * @param wide [R, W] @param narrow all A [P·r, W] when `isRankMajor`, else all B [Σ columns, r]
 * @returns scale · wide · narrow [R, P·r], of B each term's columns alone
 */
export function multiplyDown(
  backend: TrainerBackend,
  { wide, narrow }: { readonly wide: TensorInfo; readonly narrow: TensorInfo },
  isRankMajor: boolean,
  { spans, scale }: NarrowCall,
): TensorInfo {
  const [rows = 0, width = 0] = wide.shape;
  // All A are one matrix of a greater rank.
  const [rank, terms] = isRankMajor
    ? [narrow.shape[0] ?? 0, [{ start: 0, count: width }]]
    : [narrow.shape[1] ?? 0, spans];
  const lowWidth = rank * terms.length;
  return backend.runProgram(
    downProgram(columnsOf(rank), isRankMajor, terms.length),
    { wide, narrow },
    { low: f32([rows, lowWidth]) },
    { rows, width, rank, lowWidth, scale, ...termValues(terms) },
    [Math.ceil(rows / ROWS), rankGroups(rank) * terms.length, 1],
  ).low;
}

/**
 * @param wide [R, W] @param low [R, P·r]
 * @returns [P] of scale · lowᵀ·wide [r, columns] when `isRankMajor`, else its transpose [columns, r], over each term's
 *   own columns
 */
export function adapterGradients(
  backend: TrainerBackend,
  { wide, low }: { readonly wide: TensorInfo; readonly low: TensorInfo },
  isRankMajor: boolean,
  { spans, scale }: NarrowCall,
): TensorInfo[] {
  const [rows = 0, width = 0] = wide.shape;
  const [, lowWidth = 0] = low.shape;
  const rank = lowWidth / spans.length;
  const widest = Math.max(...spans.map(({ count }) => count));
  const shapeOf = ({ count }: Span) => f32(isRankMajor ? [rank, count] : [count, rank]);
  const gradients = backend.runProgram(
    gradientProgram(columnsOf(rank), isRankMajor, spans.length),
    { wide, low },
    Object.fromEntries(spans.map((span, at) => [`gradient${at}`, shapeOf(span)])),
    { rows, width, rank, lowWidth, scale, ...termValues(spans) },
    [Math.ceil(widest / LANES), rankGroups(rank) * spans.length, 1],
  );
  return spans.map((_, at) => gradients[`gradient${at}`] as TensorInfo);
}
