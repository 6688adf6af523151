/**
 * Shaders of the linear layer. Each thread owns a tile of results in registers and walks the inner dimension with vector
 * loads, without barriers; every sum has one owner, so results repeat to the bit.
 *
 * Widths that four does not divide are read number by number, with the rest taken as zero.
 */
import type { GpuProgram } from "../../device/gpuProgram.ts";
import { memoisedProgram } from "../../device/programCache.ts";

/** How a weight lies on the GPU: [in, out] in f32, or packed along the input in so many bits. */
export type WeightBits = 32 | 8 | 4;

/** Threads of a workgroup across results and down rows. */
export const TILE_GROUP = 8;
export const FLAT_THREADS = 64;

/** Shorthand: one line of WGSL per number below `count`. */
function each(count: number, line: (at: number) => string, between = "\n"): string {
  return Array.from({ length: count }, (_, at) => line(at)).join(between);
}

/** WGSL of a function that reads four numbers of a row-major matrix; zeros behind a row's end. */
function readFour(name: string, source: string, width: string, isAligned: boolean): string {
  const guarded = each(4, (at) => `select(0.0, ${source}[start + ${at}u], column + ${at}u < ${width})`, ", ");
  return `fn ${name}(row: u32, column: u32) -> vec4<f32> {
  ${
    isAligned
      ? `return ${source}[(row * ${width} + column) >> 2u];`
      : `let start = row * ${width} + column;
  return vec4<f32>(${guarded});`
  }
}`;
}

/** WGSL that writes four numbers of a row, those behind its end left out. */
function writeFour(target: string, width: string, isAligned: boolean): string {
  return `fn write(row: u32, column: u32, values: vec4<f32>) {
  ${
    isAligned
      ? `${target}[(row * ${width} + column) >> 2u] = values;`
      : each(
          4,
          (at) =>
            `if (column + ${at}u < ${width}) { ${target}[row * ${width} + column + ${at}u] = values[${at}]; }`,
          "\n  ",
        )
  }
}`;
}

/** Element type of a buffer whose rows may be read by fours. */
const vector = (isAligned: boolean) => (isAligned ? "vec4<f32>" : "f32");

/** WGSL: eight packed values of a row from `column` on, in two vectors, and a group's scale. */
function readPacked(bits: 8 | 4): string {
  const field = (word: string, first: number) =>
    `vec4<f32>(${each(4, (at) => `f32(extractBits(i32(${word}), ${first + bits * at}u, ${bits}u))`, ", ")})`;
  const pair =
    bits === 4
      ? `let word = packed[row * params.words + (column >> 3u)];
  return array<vec4<f32>, 2>(${field("word", 0)}, ${field("word", 16)});`
      : `let at = row * params.words + (column >> 2u);
  let low = packed[at];
  let high = packed[at + 1u];
  return array<vec4<f32>, 2>(${field("low", 0)}, ${field("high", 0)});`;
  return `
fn eight(row: u32, column: u32) -> array<vec4<f32>, 2> {
  ${pair}
}
fn scaleOf(row: u32, group: u32) -> f32 {
  let pair = unpack2x16float(scales[row * params.scaleWords + (group >> 1u)]);
  return select(pair.x, pair.y, (group & 1u) == 1u);
}`;
}

const SIZES = { rows: "u32", inSize: "u32", outSize: "u32" } as const;
const PACKED_SIZES = {
  ...SIZES,
  words: "u32",
  scaleWords: "u32",
  groupSize: "u32",
} as const;

export const uniformsFor = (bits: WeightBits) => (bits === 32 ? SIZES : PACKED_SIZES);

const TILE_ENTRY = `@compute @workgroup_size(${TILE_GROUP}, ${TILE_GROUP})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {`;

/** WGSL: indices of the tile's rows, the last repeated where the tile hangs over the end. */
const tileRows = (height: number) => `
  let firstRow = id.y * ${height}u;
  if (firstRow >= params.rows) { return; }
  ${each(height, (m) => `let row${m} = min(firstRow + ${m}u, params.rows - 1u);`)}`;

/** WGSL: writes rows that are really there. */
const writeRows = (height: number, value: (m: number) => string, column: string) =>
  each(height, (m) => `if (firstRow + ${m}u < params.rows) { write(row${m}, ${column}, ${value(m)}); }`);

/** Inputs of a weight. */
const weightInputs = (bits: WeightBits, isAligned: boolean): GpuProgram["inputs"] =>
  bits === 32 ? { weight: vector(isAligned) } : { packed: "u32", scales: "u32" };

/** WGSL: adds low·Bᵀ to a tile of four outputs. B lies [out, r]. */
function addAdapter(rank: number, height: number): string {
  return each(
    rank,
    (j) => `{
    let column = vec4<f32>(${each(4, (at) => `b[min(n + ${at}u, params.outSize - 1u) * ${rank}u + ${j}u]`, ", ")});
    ${each(height, (m) => `sum${m} += low[row${m} * ${rank}u + ${j}u] * column;`)}
  }`,
  );
}

/** y = x·Wᵀ + bias (+ low·Bᵀ): a tile of `height` rows and four outputs. */
export const forwardProgram = memoisedProgram(
  (bits: WeightBits, height: number, rank: number, isInAligned: boolean, isOutAligned: boolean) => {
    const floatLoop = `
  for (var k = 0u; k < params.inSize; k += 4u) {
    ${each(4, (at) => `let w${at} = weightFour(min(k + ${at}u, params.inSize - 1u), n);`)}
    ${each(height, (m) => `let x${m} = xFour(row${m}, k);`)}
    ${each(height, (m) => `sum${m} += x${m}.x * w0 + x${m}.y * w1 + x${m}.z * w2 + x${m}.w * w3;`)}
  }`;
    const packedLoop = `
  ${each(4, (at) => `let out${at} = min(n + ${at}u, params.outSize - 1u);`)}
  for (var group = 0u; group * params.groupSize < params.inSize; group++) {
    ${each(height, (m) => `var part${m} = vec4<f32>(0.0);`)}
    let end = min((group + 1u) * params.groupSize, params.inSize);
    for (var k = group * params.groupSize; k < end; k += 8u) {
      ${each(4, (at) => `let w${at} = eight(out${at}, k);`)}
      ${each(
        height,
        (m) => `{
        let first = xFour(row${m}, k);
        let second = xFour(row${m}, k + 4u);
        part${m} += vec4<f32>(${each(4, (at) => `dot(first, w${at}[0]) + dot(second, w${at}[1])`, ", ")});
      }`,
      )}
    }
    let scale = vec4<f32>(${each(4, (at) => `scaleOf(out${at}, group)`, ", ")});
    ${each(height, (m) => `sum${m} += part${m} * scale;`)}
  }`;
    return {
      name: "quantMatMul",
      inputs: {
        x: vector(isInAligned),
        ...weightInputs(bits, isOutAligned),
        bias: "f32" as const,
        ...(rank > 0 ? { low: "f32" as const, b: "f32" as const } : {}),
      } as GpuProgram["inputs"],
      outputs: { y: vector(isOutAligned) } as const,
      uniforms: uniformsFor(bits),
      body: `
${readFour("xFour", "x", "params.inSize", isInAligned)}
${bits === 32 ? readFour("weightFour", "weight", "params.outSize", isOutAligned) : readPacked(bits)}
${writeFour("y", "params.outSize", isOutAligned)}
${TILE_ENTRY}
  let n = id.x * 4u;
  if (n >= params.outSize) { return; }
  ${tileRows(height)}
  let start = vec4<f32>(${each(4, (at) => `bias[min(n + ${at}u, params.outSize - 1u)]`, ", ")});
  ${each(height, (m) => `var sum${m} = start;`)}
  ${bits === 32 ? floatLoop : packedLoop}
  ${addAdapter(rank, height)}
  ${writeRows(height, (m) => `sum${m}`, "n")}
}`,
    };
  },
);

/** y for few rows behind packed weights: a workgroup per output, its threads sharing the input between them. */
export const fewRowsProgram = memoisedProgram(
  (bits: 8 | 4, height: number, rank: number, isInAligned: boolean) => ({
    name: "quantMatMulFewRows",
    inputs: {
      x: vector(isInAligned),
      packed: "u32",
      scales: "u32",
      bias: "f32",
      ...(rank > 0 ? { low: "f32" as const, b: "f32" as const } : {}),
    } as GpuProgram["inputs"],
    outputs: { y: "f32" } as const,
    uniforms: PACKED_SIZES,
    body: `
${readFour("xFour", "x", "params.inSize", isInAligned)}
${readPacked(bits)}
var<workgroup> parts: array<f32, ${FLAT_THREADS * height}>;
@compute @workgroup_size(${FLAT_THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let n = group.x;
  ${each(height, (m) => `let row${m} = min(${m}u, params.rows - 1u); var sum${m} = 0.0;`)}
  for (var k = thread * 8u; k < params.inSize; k += ${FLAT_THREADS * 8}u) {
    let w = eight(n, k);
    let scale = scaleOf(n, k / params.groupSize);
    ${each(height, (m) => `sum${m} += scale * (dot(xFour(row${m}, k), w[0]) + dot(xFour(row${m}, k + 4u), w[1]));`)}
  }
  ${each(height, (m) => `parts[thread * ${height}u + ${m}u] = sum${m};`)}
  workgroupBarrier();
  if (thread < min(${height}u, params.rows)) {
    var total = bias[n];
    for (var at = 0u; at < ${FLAT_THREADS}u; at++) { total += parts[at * ${height}u + thread]; }
    ${each(rank, (j) => `total += low[thread * ${rank}u + ${j}u] * b[n * ${rank}u + ${j}u];`)}
    y[thread * params.outSize + n] = total;
  }
}`,
  }),
);

/** dx = dy·W (+ dLow·A): a tile of `height` rows and four inputs (f32) or eight (packed). A lies [r, in]. */
export const gradientProgram = memoisedProgram(
  (bits: WeightBits, height: number, rank: number, isInAligned: boolean, isOutAligned: boolean) => {
    const adapter = (first: string, sum: (m: number) => string) =>
      each(
        rank,
        (j) => `{
    let across = aFour(${j}u, ${first});
    ${each(height, (m) => `${sum(m)} += dLow[row${m} * ${rank}u + ${j}u] * across;`)}
  }`,
      );
    const floatBody = `
  let k = id.x * 4u;
  if (k >= params.inSize) { return; }
  ${tileRows(height)}
  ${each(4, (at) => `let in${at} = min(k + ${at}u, params.inSize - 1u);`)}
  ${each(height, (m) => `var sum${m} = vec4<f32>(0.0);`)}
  for (var n = 0u; n < params.outSize; n += 4u) {
    ${each(4, (at) => `let w${at} = weightFour(in${at}, n);`)}
    ${each(
      height,
      (m) => `{
      let d = dyFour(row${m}, n);
      sum${m} += vec4<f32>(${each(4, (at) => `dot(d, w${at})`, ", ")});
    }`,
    )}
  }
  ${adapter("k", (m) => `sum${m}`)}
  ${writeRows(height, (m) => `sum${m}`, "k")}`;
    const packedBody = `
  let k = id.x * 8u;
  if (k >= params.inSize) { return; }
  ${tileRows(height)}
  let group = k / params.groupSize;
  ${each(height, (m) => `var first${m} = vec4<f32>(0.0); var second${m} = vec4<f32>(0.0);`)}
  for (var n = 0u; n < params.outSize; n += 4u) {
    ${each(height, (m) => `let d${m} = dyFour(row${m}, n);`)}
    ${each(
      4,
      (at) => `{
      let out = min(n + ${at}u, params.outSize - 1u);
      let w = eight(out, k);
      let scale = scaleOf(out, group);
      let low = w[0] * scale;
      let high = w[1] * scale;
      ${each(height, (m) => `first${m} += d${m}[${at}] * low; second${m} += d${m}[${at}] * high;`)}
    }`,
    )}
  }
  ${adapter("k", (m) => `first${m}`)}
  ${adapter("k + 4u", (m) => `second${m}`)}
  ${writeRows(height, (m) => `first${m}`, "k")}
  if (k + 4u < params.inSize) {
    ${writeRows(height, (m) => `second${m}`, "k + 4u")}
  }`;
    return {
      name: "quantMatMulInputGradient",
      inputs: {
        dy: vector(isOutAligned),
        ...weightInputs(bits, isOutAligned),
        ...(rank > 0 ? { dLow: "f32" as const, a: vector(isInAligned) } : {}),
      } as GpuProgram["inputs"],
      outputs: { dx: vector(isInAligned) } as const,
      uniforms: uniformsFor(bits),
      body: `
${readFour("dyFour", "dy", "params.outSize", isOutAligned)}
${bits === 32 ? readFour("weightFour", "weight", "params.outSize", isOutAligned) : readPacked(bits)}
${rank > 0 ? readFour("aFour", "a", "params.inSize", isInAligned) : ""}
${writeFour("dx", "params.inSize", isInAligned)}
${TILE_ENTRY}
  ${bits === 32 ? floatBody : packedBody}
}`,
    };
  },
);

/** scale · X·Yᵀ, X [rows, inner], Y [columns, inner], columns few: a thread per result. */
export const rowProductsProgram = memoisedProgram((isAligned: boolean) => ({
  name: "rowProducts",
  inputs: { x: vector(isAligned), y: vector(isAligned) } as const,
  outputs: { products: "f32" } as const,
  uniforms: { rows: "u32", columns: "u32", inner: "u32", scale: "f32" } as const,
  body: `
${readFour("xFour", "x", "params.inner", isAligned)}
${readFour("yFour", "y", "params.inner", isAligned)}
@compute @workgroup_size(${FLAT_THREADS})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.rows * params.columns) { return; }
  let row = id.x / params.columns;
  let column = id.x % params.columns;
  var sum = 0.0;
  for (var k = 0u; k < params.inner; k += 4u) { sum += dot(xFour(row, k), yFour(column, k)); }
  products[id.x] = sum * params.scale;
}`,
}));

/** scale · X·Y, X [rows, inner], Y [inner, columns], columns few: a thread per result. */
export const columnProductsProgram = memoisedProgram((isAligned: boolean) => ({
  name: "columnProducts",
  inputs: { x: vector(isAligned), y: "f32" } as const,
  outputs: { products: "f32" } as const,
  uniforms: { rows: "u32", columns: "u32", inner: "u32", scale: "f32" } as const,
  body: `
${readFour("xFour", "x", "params.inner", isAligned)}
@compute @workgroup_size(${FLAT_THREADS})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.rows * params.columns) { return; }
  let row = id.x / params.columns;
  let column = id.x % params.columns;
  var sum = 0.0;
  for (var k = 0u; k < params.inner; k += 4u) {
    let four = xFour(row, k);
    ${each(4, (at) => `sum += four[${at}] * y[min(k + ${at}u, params.inner - 1u) * params.columns + column];`)}
  }
  products[id.x] = sum * params.scale;
}`,
}));

/** Σ over rows of p ⊗ q: [rows, left]ᵀ·[rows, right], a thread per four results along `right`. */
export const outerSumProgram = memoisedProgram((isAligned: boolean) => ({
  name: "outerSum",
  inputs: { p: "f32", q: vector(isAligned) } as const,
  outputs: { sums: vector(isAligned) } as const,
  uniforms: { rows: "u32", left: "u32", right: "u32" } as const,
  body: `
${readFour("qFour", "q", "params.right", isAligned)}
${writeFour("sums", "params.right", isAligned)}
@compute @workgroup_size(${FLAT_THREADS})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let across = (params.right + 3u) / 4u;
  if (id.x >= params.left * across) { return; }
  let i = id.x / across;
  let j = (id.x % across) * 4u;
  var sum = vec4<f32>(0.0);
  for (var row = 0u; row < params.rows; row++) { sum += p[row * params.left + i] * qFour(row, j); }
  write(i, j, sum);
}`,
}));
