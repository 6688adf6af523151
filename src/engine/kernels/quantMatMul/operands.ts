/**
 * WGSL that reads a product's operands by fours, whatever their format: the left matrix as vectors along the inner
 * axis, the weight as blocks of 4 inner × 4 outer values. The products know only these two functions.
 *
 * The product is C [rows, outer] = L [rows, inner] · W, forward with inner = in and outer = out, backward the other way
 * round from the same weight buffer.
 */
import type { GpuProgram } from "../../device/gpuProgram.ts";
import { QUANT_FORMATS, type QuantFormat } from "../../quant/quantFormat.ts";
import { termReader, termUniforms } from "./terms.ts";

/** "f32": [in, out]; the others as in `quant/quantFormat.ts`: [out, in / values a word]. */
export type WeightFormat = "f32" | QuantFormat;

/** "registers": threads read memory themselves; "shared": a workgroup reads tiles for all its threads. */
export type ProductVariant = "registers" | "shared";

/** What is written into a product's text. */
export interface ProductKey {
  readonly format: WeightFormat;
  readonly isForward: boolean;
  /** Inner and outer sizes, and the columns of adapters, are multiples of 4: rows of f32 matrices are whole vectors. */
  readonly isWhole: boolean;
  readonly hasBias: boolean;
  readonly hasResidual: boolean;
  /** Adapters; backward one of the ranks of all. */
  readonly terms: number;
}

const SIZES = {
  rows: "u32",
  inner: "u32",
  outer: "u32",
  wordsPerRow: "u32",
  scaleWordsPerRow: "u32",
} as const;

/** `rank` of a term, `lowWidth` of all; `liftRows` of the lifting matrix. */
const ADAPTER = { rank: "u32", lowWidth: "u32", liftRows: "u32", scale: "f32" } as const;

export function productUniforms({ terms }: ProductKey): GpuProgram["uniforms"] {
  return terms === 0 ? SIZES : { ...SIZES, ...ADAPTER, ...termUniforms(terms) };
}

/** Neighbouring outer values of the weight lie side by side; else neighbouring inner ones. */
export function isOuterMajor({ format, isForward }: ProductKey): boolean {
  return (format === "f32") === isForward;
}

/** f32 matrices are bound as vectors where their rows are whole vectors. */
const floats = ({ isWhole }: ProductKey) => (isWhole ? "vec4<f32>" : "f32");

/** `left`; `weight`, or `packed` and `scales`; `bias`; `residual`; `low` [rows, P·r] and `lift`, all B or all A. */
export function productInputs(key: ProductKey): GpuProgram["inputs"] {
  const weight: GpuProgram["inputs"] =
    key.format === "f32" ? { weight: floats(key) } : { packed: "u32", scales: "u32" };
  return {
    left: floats(key),
    ...weight,
    ...(key.hasBias ? { bias: floats(key) } : {}),
    ...(key.hasResidual ? { residual: floats(key) } : {}),
    ...(key.terms > 0 ? { low: "f32" as const, lift: key.isForward ? ("f32" as const) : floats(key) } : {}),
  };
}

export function productOutputs(key: ProductKey): { readonly product: "vec4<f32>" | "f32" } {
  return { product: floats(key) };
}

/**
 * WGSL of four neighbours of a row of an f32 buffer; zeros behind the row's end.
 * @param width WGSL of the row's length
 */
function quad({ isWhole }: ProductKey, buffer: string, row: string, width: string, at: string): string {
  if (isWhole) return `${buffer}[${row} * (${width} / 4u) + ${at}]`;
  const element = (offset: number) =>
    `select(0.0, ${buffer}[${row} * ${width} + 4u * ${at} + ${offset}u], 4u * ${at} + ${offset}u < ${width})`;
  return `vec4<f32>(${[0, 1, 2, 3].map(element).join(", ")})`;
}

const four = (line: (at: number) => string, separator = ", ") => [0, 1, 2, 3].map(line).join(separator);

/** WGSL of a packed weight's `codes` (a word's four neighbours as f32) and `scaleOf`. */
export function unpacking(format: QuantFormat): string {
  const { bits, groupSize } = QUANT_FORMATS[format];
  const [top, first] = [32 - bits, bits === 8 ? [24, 16, 8, 0] : [28, 24, 20, 16]];
  const word =
    bits === 8
      ? "packed[row * params.wordsPerRow + at]"
      : "packed[row * params.wordsPerRow + (at >> 1u)] >> ((at & 1u) * 16u)";
  // Decoded by hand: unpack2x16float may flush the small halves that scales of small weights are.
  return `
fn codes(row: u32, at: u32) -> vec4<f32> {
  let word = ${word};
  return vec4<f32>(vec4<i32>(vec4<u32>(word) << vec4<u32>(${first.join("u, ")}u)) >> vec4<u32>(${top}u));
}
fn scaleOf(row: u32, at: u32) -> f32 {
  let group = ${groupSize === null ? "0u" : `at / ${groupSize / 4}u`};
  let half = scales[row * params.scaleWordsPerRow + (group >> 1u)] >> (16u * (group & 1u));
  let normal = bitcast<f32>(((half & 0x7fffu) << 13u) + 0x38000000u);
  let magnitude = select(normal, f32(half & 0x3ffu) * 5.9604644775390625e-8, (half & 0x7c00u) == 0u);
  return select(magnitude, -magnitude, (half & 0x8000u) != 0u);
}`;
}

/** WGSL of `block`. Rows of the weight beyond its last are read as the last: what comes of them is not stored. */
function blockReader(key: ProductKey): string {
  const packed = (row: string, at: string) => `codes(${row}, ${at}) * scaleOf(${row}, ${at})`;
  const read = (row: string, at: string) =>
    key.format === "f32"
      ? quad(key, "weight", row, isOuterMajor(key) ? "params.outer" : "params.inner", at)
      : packed(row, at);
  if (isOuterMajor(key)) {
    return `
fn block(inner4: u32, outer4: u32) -> mat4x4<f32> {
  ${four((k) => `let k${k} = min(4u * inner4 + ${k}u, params.inner - 1u);`, " ")}
  return mat4x4<f32>(${four((k) => read(`k${k}`, "outer4"))});
}`;
  }
  return `
fn block(inner4: u32, outer4: u32) -> mat4x4<f32> {
  ${four((n) => `let n${n} = min(4u * outer4 + ${n}u, params.outer - 1u);`, " ")}
  return transpose(mat4x4<f32>(${four((n) => read(`n${n}`, "inner4"))}));
}`;
}

/** WGSL of `lifted(j, outer4, offset)`: four values of row j of Bᵀ, whose rows lie `offset` from the columns, or of A. */
function liftReader(key: ProductKey): string {
  const value = key.isForward
    ? `vec4<f32>(${four((n) => `lift[min(4u * outer4 + ${n}u + offset, params.liftRows - 1u) * params.rank + j]`)})`
    : quad(key, "lift", "j", "params.outer", "outer4");
  return `
fn lifted(j: u32, outer4: u32, offset: u32) -> vec4<f32> { return ${value}; }`;
}

/** WGSL of `adapterOf(row, outer4)`: what the terms add to four columns, each to those of its own. */
function adapterReader(key: ProductKey): string {
  if (key.terms === 0) return "fn adapterOf(row: u32, outer4: u32) -> vec4<f32> { return vec4<f32>(0.0); }";
  const own = key.isWhole
    ? "sum += part;"
    : `let columns = vec4<u32>(column) + vec4<u32>(0u, 1u, 2u, 3u);
    sum += select(vec4<f32>(0.0), part, (columns >= vec4<u32>(term.start)) & (columns < vec4<u32>(term.end)));`;
  return `${termReader(key.terms)}${liftReader(key)}
fn adapterOf(row: u32, outer4: u32) -> vec4<f32> {
  let column = 4u * outer4;
  var sum = vec4<f32>(0.0);
  for (var at = 0u; at < ${key.terms}u; at++) {
    let term = termOf(at);
    if (column + 3u < term.start || column >= term.end) { continue; }
    let first = row * params.lowWidth + at * params.rank;
    var part = vec4<f32>(0.0);
    for (var j = 0u; j < params.rank; j++) { part += low[first + j] * lifted(j, outer4, term.row - term.start); }
    ${own}
  }
  return sum * params.scale;
}`;
}

/** WGSL that writes four values to where they belong, and leaves out what is no element. */
function storing({ isWhole }: ProductKey): string {
  if (isWhole) return "product[row * (params.outer / 4u) + outer4] = value;";
  const element = (n: number) =>
    `if (4u * outer4 + ${n}u < params.outer) { product[row * params.outer + 4u * outer4 + ${n}u] = value[${n}]; }`;
  return four(element, " ");
}

/**
 * WGSL functions of every product:
 * `leftAt(row, inner4)`, four values along the inner axis, zeros behind its end;
 * `block(inner4, outer4)`, whose column k holds four outer values of inner value k;
 * `startOf(outer4)`, what the sums begin with: the bias or zeros;
 * `finish(row, outer4, sum)`, which adds residual and adapters to a sum and stores it.
 */
export function operandFunctions(key: ProductKey): string {
  const start = key.hasBias ? quad(key, "bias", "0u", "params.outer", "outer4") : "vec4<f32>(0.0)";
  const residual = key.hasResidual ? ` + ${quad(key, "residual", "row", "params.outer", "outer4")}` : "";
  return `${key.format === "f32" ? "" : unpacking(key.format)}
fn leftAt(row: u32, inner4: u32) -> vec4<f32> { return ${quad(key, "left", "row", "params.inner", "inner4")}; }
${blockReader(key)}
${adapterReader(key)}
fn startOf(outer4: u32) -> vec4<f32> { return ${start}; }
fn finish(row: u32, outer4: u32, sum: vec4<f32>) {
  let value = sum + adapterOf(row, outer4)${residual};
  ${storing(key)}
}
`;
}
