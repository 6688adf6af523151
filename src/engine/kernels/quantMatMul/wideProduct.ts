/**
 * The large product of the linear layer, in three forms. Over many rows a thread sums 8 rows × 4 columns in registers,
 * with operands from memory ("registers") or from tiles that the workgroup reads once ("shared"). Over few rows, as in
 * decoding, a workgroup shares the inner axis of 4 columns or 32, and adds its parts up in a fixed order.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { f32, memoisedProgram } from "../../device/programCache.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import type { RowLayout } from "../../quant/quantFormat.ts";
import {
  isOuterMajor,
  operandFunctions,
  type ProductKey,
  type ProductVariant,
  productInputs,
  productOutputs,
  productUniforms,
  type WeightFormat,
} from "./operands.ts";
import { type Span, termValues } from "./terms.ts";

/** Rows of a thread. */
const ROWS = 8;
/** Rows up to which the few-rows form is used, and those that one of its workgroups takes. */
const FEW_ROWS = 8;
const FEW_ROWS_AT_ONCE = 4;
/** Side of a "registers" workgroup: threads along either axis. */
const SIDE = 8;
/** A "shared" workgroup: threads along the columns and the rows, and vectors of the inner axis in a tile. */
const SHARED_COLUMNS = 16;
const SHARED_ROWS = 8;
const TILE_DEPTH = 4;
/** Threads of a few-rows workgroup. */
const FEW_THREADS = 64;

type KeyParts = readonly [
  format: WeightFormat,
  isForward: boolean,
  isWhole: boolean,
  hasBias: boolean,
  hasResidual: boolean,
  terms: number,
];

function toKey([format, isForward, isWhole, hasBias, hasResidual, terms]: KeyParts): ProductKey {
  return { format, isForward, isWhole, hasBias, hasResidual, terms };
}

/** `count` lines of WGSL, one per row of a thread: loops over registers would send them to memory. */
function unroll(count: number, line: (row: number) => string): string {
  return Array.from({ length: count }, (_, row) => line(row)).join("\n  ");
}

function describe(key: ProductKey, form: string, body: string) {
  return {
    name: `quantMatMul${form}${key.isForward ? "" : "Gradient"}`,
    inputs: productInputs(key),
    outputs: productOutputs(key),
    uniforms: productUniforms(key),
    body: `${operandFunctions(key)}\n${body}`,
  };
}

const storeRows = unroll(
  ROWS,
  (row) => `if (first + ${row}u < params.rows) { finish(first + ${row}u, outer4, sum${row}); }`,
);

const registersProgram = memoisedProgram((...parts: KeyParts) =>
  describe(
    toKey(parts),
    "",
    `@compute @workgroup_size(${SIDE}, ${SIDE})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let outer4 = id.x;
  let first = id.y * ${ROWS}u;
  if (outer4 * 4u >= params.outer || first >= params.rows) { return; }
  ${unroll(ROWS, (row) => `let row${row} = min(first + ${row}u, params.rows - 1u);`)}
  let start = startOf(outer4);
  ${unroll(ROWS, (row) => `var sum${row} = start;`)}
  let depth = (params.inner + 3u) / 4u;
  for (var inner4 = 0u; inner4 < depth; inner4++) {
    let values = block(inner4, outer4);
    ${unroll(ROWS, (row) => `sum${row} += values * leftAt(row${row}, inner4);`)}
  }
  ${storeRows}
}`,
  ),
);

/** Half of the threads fetch the left tile, the other half the weight's, in blocks; neighbours fetch neighbours. */
function fetchTiles(key: ProductKey): string {
  const threads = (SHARED_COLUMNS * SHARED_ROWS) / 2;
  const fetches = (SHARED_ROWS * ROWS * TILE_DEPTH) / threads;
  const place = isOuterMajor(key)
    ? `let deep = at / ${SHARED_COLUMNS}u; let across = at % ${SHARED_COLUMNS}u;`
    : `let deep = at % ${TILE_DEPTH}u; let across = at / ${TILE_DEPTH}u;`;
  return `if (thread < ${threads}u) {
      for (var fetch = 0u; fetch < ${fetches}u; fetch++) {
        let at = thread + fetch * ${threads}u;
        let row = group.y * ${SHARED_ROWS * ROWS}u + at / ${TILE_DEPTH}u;
        let inner4 = base + at % ${TILE_DEPTH}u;
        var value = vec4<f32>(0.0);
        if (row < params.rows && inner4 < depth) { value = leftAt(row, inner4); }
        leftTile[at] = value;
      }
    } else {
      let at = thread - ${threads}u;
      ${place}
      let values = block(min(base + deep, depth - 1u), min(group.x * ${SHARED_COLUMNS}u + across, outers - 1u));
      ${[0, 1, 2, 3].map((k) => `weightTile[(4u * deep + ${k}u) * ${SHARED_COLUMNS}u + across] = values[${k}];`).join("\n      ")}
    }`;
}

const sharedProgram = memoisedProgram((...parts: KeyParts) =>
  describe(
    toKey(parts),
    "Shared",
    `var<workgroup> leftTile: array<vec4<f32>, ${SHARED_ROWS * ROWS * TILE_DEPTH}>;
var<workgroup> weightTile: array<vec4<f32>, ${4 * TILE_DEPTH * SHARED_COLUMNS}>;
@compute @workgroup_size(${SHARED_COLUMNS * SHARED_ROWS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let depth = (params.inner + 3u) / 4u;
  let outers = (params.outer + 3u) / 4u;
  let column = thread % ${SHARED_COLUMNS}u;
  let ownRows = thread / ${SHARED_COLUMNS}u * ${ROWS}u;
  let outer4 = group.x * ${SHARED_COLUMNS}u + column;
  let first = group.y * ${SHARED_ROWS * ROWS}u + ownRows;
  ${unroll(ROWS, (row) => `var sum${row} = vec4<f32>(0.0);`)}
  for (var base = 0u; base < depth; base += ${TILE_DEPTH}u) {
    ${fetchTiles(toKey(parts))}
    workgroupBarrier();
    for (var deep = 0u; deep < ${TILE_DEPTH}u; deep++) {
      let values = mat4x4<f32>(${[0, 1, 2, 3].map((k) => `weightTile[(4u * deep + ${k}u) * ${SHARED_COLUMNS}u + column]`).join(", ")});
      ${unroll(ROWS, (row) => `sum${row} += values * leftTile[(ownRows + ${row}u) * ${TILE_DEPTH}u + deep];`)}
    }
    workgroupBarrier();
  }
  if (outer4 >= outers) { return; }
  let start = startOf(outer4);
  ${unroll(ROWS, (row) => `sum${row} += start;`)}
  ${storeRows}
}`,
  ),
);

/** Threads along the columns, so that neighbours read neighbours: 8 where columns lie side by side, else 1. */
function fewColumns(key: ProductKey): number {
  return isOuterMajor(key) ? SIDE : 1;
}

/**
 * How the threads of a few-rows workgroup leave their sums to be added up: each thread's in a slot of its own, or, where
 * they all sum the same column and the device has subgroups, each subgroup's. That is most of the work where rows are short.
 */
function fewRowsParts(rows: number, hasSubgroups: boolean, lanes: number) {
  const store = (slot: string, sum: (row: number) => string) =>
    unroll(rows, (row) => `parts[${row * FEW_THREADS}u + ${slot}] = ${sum(row)};`);
  if (!hasSubgroups)
    return {
      features: [],
      builtins: "",
      store: store("thread", (row) => `sum${row}`),
      count: `${lanes}u`,
    };
  return {
    features: ["subgroups"] as const,
    builtins: ", @builtin(subgroup_id) subgroup: u32, @builtin(num_subgroups) subgroups: u32",
    store: `${unroll(rows, (row) => `sum${row} = subgroupAdd(sum${row});`)}
  if (subgroupElect()) {
    ${store("subgroup", (row) => `sum${row}`)}
  }`,
    count: "subgroups",
  };
}

const fewRowsProgram = memoisedProgram((rows: number, hasSubgroups: boolean, ...parts: KeyParts) => {
  const key = toKey(parts);
  const columns = fewColumns(key);
  const lanes = FEW_THREADS / columns;
  const { features, builtins, store, count } = fewRowsParts(rows, hasSubgroups && columns === 1, lanes);
  const program = describe(
    key,
    "FewRows",
    `var<workgroup> parts: array<vec4<f32>, ${FEW_THREADS * rows}>;
@compute @workgroup_size(${FEW_THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32${builtins}) {
  let depth = (params.inner + 3u) / 4u;
  let outers = (params.outer + 3u) / 4u;
  let outer4 = min(group.x * ${columns}u + thread % ${columns}u, outers - 1u);
  let first = group.y * ${rows}u;
  ${unroll(rows, (row) => `let row${row} = min(first + ${row}u, params.rows - 1u); var sum${row} = vec4<f32>(0.0);`)}
  for (var inner4 = thread / ${columns}u; inner4 < depth; inner4 += ${lanes}u) {
    let values = block(inner4, outer4);
    ${unroll(rows, (row) => `sum${row} += values * leftAt(row${row}, inner4);`)}
  }
  ${store}
  workgroupBarrier();
  if (thread >= ${columns * rows}u) { return; }
  let column = thread % ${columns}u;
  let slot = thread / ${columns}u;
  let row = first + slot;
  let own = group.x * ${columns}u + column;
  if (row >= params.rows || own >= outers) { return; }
  var total = startOf(own);
  for (var lane = 0u; lane < ${count}; lane++) { total += parts[slot * ${FEW_THREADS}u + lane * ${columns}u + column]; }
  finish(row, own, total);
}`,
  );
  return { ...program, features };
});

/** One product C [rows, outer] = L·W + bias + residual + what the terms add. */
export interface Product {
  readonly format: WeightFormat;
  readonly isForward: boolean;
  readonly inner: number;
  readonly outer: number;
  /** Of a packed weight. */
  readonly layout: RowLayout | null;
  /** Outer columns that each term adds scale·low·lift to. */
  readonly spans: readonly Span[];
  readonly scale: number;
  readonly variant: ProductVariant | null;
}

/** Tensors by the names of `productInputs`. */
export type ProductTensors = Readonly<
  Partial<Record<"weight" | "packed" | "scales" | "bias" | "residual" | "low" | "lift", TensorInfo>>
> & { readonly left: TensorInfo };

/**
 * What is known of this adapter and such shapes, else the guess: tiles are what real GPUs need. A GPU that is a program on
 * the CPU has one memory, where tiles are copies and barriers a change of thread.
 */
function pickVariant(
  backend: TrainerBackend,
  product: Product,
  tensors: ProductTensors,
  key: KeyParts,
): ProductVariant {
  const { inner, outer } = product;
  const [rows = 0] = tensors.left.shape;
  return backend.choices.pick<ProductVariant>({
    name: ["quantMatMul", ...key, inner, outer, Math.ceil(Math.log2(rows))].join("/"),
    variants: backend.isSoftware ? ["registers", "shared"] : ["shared", "registers"],
    codeOf: (variant) => chooseProgram(key, rows, outer, variant, false).program.body,
    rehearse: (variant) => {
      const doubles = Object.entries(tensors).map(
        ([name, { shape, dtype }]) => [name, backend.makeTensorInfo(shape, dtype)] as const,
      );
      const operands = Object.fromEntries(doubles) as unknown as ProductTensors;
      const made = multiplyWide(backend, { ...product, variant }, operands);
      for (const { dataId } of [...doubles.map(([, double]) => double), made]) backend.disposeData(dataId);
    },
  });
}

function chooseProgram(
  key: KeyParts,
  rows: number,
  outer: number,
  variant: ProductVariant,
  hasSubgroups: boolean,
) {
  const outers = Math.ceil(outer / 4);
  if (rows <= FEW_ROWS) {
    const rowsAtOnce = Math.min(FEW_ROWS_AT_ONCE, 2 ** Math.ceil(Math.log2(rows)));
    const groups = [Math.ceil(outers / fewColumns(toKey(key))), Math.ceil(rows / rowsAtOnce), 1] as const;
    return { program: fewRowsProgram(rowsAtOnce, hasSubgroups, ...key), groups };
  }
  // Odd sizes are those of tests and toys: one form is enough for them.
  if (variant === "shared" && toKey(key).isWhole) {
    const groups = [Math.ceil(outers / SHARED_COLUMNS), Math.ceil(rows / (SHARED_ROWS * ROWS)), 1] as const;
    return { program: sharedProgram(...key), groups };
  }
  const groups = [Math.ceil(outers / SIDE), Math.ceil(rows / (SIDE * ROWS)), 1] as const;
  return { program: registersProgram(...key), groups };
}

function uniformsOf(product: Product, { left, low, lift }: ProductTensors): Record<string, number> {
  const { inner, outer, layout, spans, scale } = product;
  const sizes = {
    rows: left.shape[0] ?? 0,
    inner,
    outer,
    wordsPerRow: layout?.wordsPerRow ?? 0,
    scaleWordsPerRow: layout?.scaleWordsPerRow ?? 0,
  };
  if (!low || !lift) return sizes;
  const lowWidth = low.shape[1] ?? 0;
  const adapter = { rank: lowWidth / spans.length, lowWidth, liftRows: lift.shape[0] ?? 0, scale };
  return { ...sizes, ...adapter, ...termValues(spans) };
}

/** One dispatch. @returns [rows, outer] */
export function multiplyWide(backend: TrainerBackend, product: Product, tensors: ProductTensors): TensorInfo {
  const { format, isForward, inner, outer, variant } = product;
  const [rows = 0] = tensors.left.shape;
  const spans = tensors.low ? product.spans : [];
  const sizes = [inner, outer, ...spans.flatMap(({ start, count }) => [start, count])];
  const isWhole = sizes.every((size) => size % 4 === 0);
  const [hasBias, hasResidual] = [tensors.bias !== undefined, tensors.residual !== undefined];
  const key = [format, isForward, isWhole, hasBias, hasResidual, spans.length] as const;
  const chosen = variant ?? pickVariant(backend, product, tensors, key);
  const { program, groups } = chooseProgram(key, rows, outer, chosen, backend.features.has("subgroups"));
  const outputs = { product: f32([rows, outer]) };
  return backend.runProgram(program, { ...tensors }, outputs, uniformsOf(product, tensors), groups).product;
}
