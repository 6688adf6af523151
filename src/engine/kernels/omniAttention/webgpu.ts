/**
 * Attention on WebGPU without ever storing a score. Forward: a running softmax over the keys, which leaves the output and
 * each row's log-sum-exp; backward: scores again from q, k and the log-sum-exp. Every sum belongs to one thread or is
 * reduced in a fixed order, so results repeat to the bit.
 *
 * Two forms forward: a thread per query row for many rows, a workgroup per query row for few rows behind many keys
 * (decoding). Source: Dao et al., FlashAttention, arXiv 2205.14135, and 2307.08691 (backward in two kernels).
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { GpuProgram } from "../../device/gpuProgram.ts";
import { f32, memoisedProgram } from "../../device/programCache.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";

/** Query rows up to which a whole workgroup works on each. */
const FEW_ROWS = 4;
const THREADS = 64;
/** Head sizes whose vectors fit registers: threads hold up to four vectors of it. */
const MAX_HEAD_SIZE = 128;
/** Vectors of a head from which 64 threads' sums outgrow the 16 KB of workgroup memory that every device promises. */
const WIDE_VECTORS = 32;

/** Who works on a query row: one thread, or a workgroup whose threads share its keys. */
export type AttentionVariant = "threadPerRow" | "groupPerRow";

/** Few rows leave most threads idle unless they share the keys; many rows fill the GPU by themselves. @param queries Q */
export function chooseVariant(queries: number): AttentionVariant {
  return queries <= FEW_ROWS ? "groupPerRow" : "threadPerRow";
}

/** Sizes of a call. */
interface Sizes {
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  readonly heads: number;
  readonly headSize: number;
}

function sizesOf(q: TensorInfo, k: TensorInfo): Sizes {
  const [batch = 0, queries = 0, heads = 0, headSize = 0] = q.shape;
  return { batch, queries, keys: k.shape[1] ?? 0, heads, headSize };
}

/** Whether the shaders can run these inputs: heads read by fours, masks given as ranges. */
export function canRun(q: TensorInfo, mask: TensorInfo | undefined): boolean {
  const headSize = q.shape[3] ?? 0;
  return headSize % 4 === 0 && headSize <= MAX_HEAD_SIZE && (mask === undefined || mask.dtype === "int32");
}

const UNIFORMS = { queries: "u32", keys: "u32", heads: "u32", maskRows: "u32", scale: "f32" } as const;

/** `count` lines of WGSL, one per vector of a head: loops over registers would send them to memory. */
function unroll(count: number, line: (at: number) => string): string {
  return Array.from({ length: count }, (_, at) => line(at)).join(" ");
}

/** WGSL for the sum of products of two unrolled vectors. */
function dot(count: number, a: (at: number) => string, b: (at: number) => string): string {
  return Array.from({ length: count }, (_, at) => `dot(${a(at)}, ${b(at)})`).join(" + ");
}

/**
 * Shared by all kernels: where a head's vectors begin and what a row sees; columns that are not there are seen by no one.
 * Vectors are counted in fours.
 */
function preamble(vectors: number, hasMask: boolean): string {
  return `
const W = ${vectors}u;
const LEAST = -3.0e38;
fn place(sequence: u32, row: u32, rows: u32, head: u32) -> u32 {
  return ((sequence * rows + row) * params.heads + head) * W;
}
fn seen(sequence: u32, row: u32) -> vec2<u32> {
  ${
    hasMask
      ? `let at = 2u * (sequence * params.maskRows + select(row, 0u, params.maskRows == 1u));
  let keys = i32(params.keys);
  return vec2<u32>(u32(clamp(mask[at], 0, keys)), u32(clamp(mask[at + 1u], 0, keys)));`
      : "return vec2<u32>(0u, params.keys);"
  }
}
`;
}

const maskInput = (hasMask: boolean): GpuProgram["inputs"] => (hasMask ? { mask: "i32" } : {});

/**
 * WGSL that writes a row's results from `sum…`, `largest` and `total`. A total of something is 1 or more, as its largest
 * score counts 1, so the floor changes only rows that see nothing: their output is 0. Their log-sum-exp is finite, as
 * infinities are undefined in WGSL; no gradient reads it.
 */
function finishRow(vectors: number, lseAt: string): string {
  return `let share = 1.0 / max(total, 0.5);
  ${unroll(vectors, (w) => `output[own + ${w}u] = sum${w} * share;`)}
  lse[${lseAt}] = select(LEAST, largest + log(max(total, 0.5)), total > 0.0);`;
}

/** A thread per query row. */
const threadPerRowProgram = memoisedProgram((vectors: number, hasMask: boolean) => ({
  name: "omniAttention",
  inputs: { q: "vec4<f32>", k: "vec4<f32>", v: "vec4<f32>", ...maskInput(hasMask) },
  outputs: { output: "vec4<f32>", lse: "f32" } as const,
  uniforms: UNIFORMS,
  body: `${preamble(vectors, hasMask)}
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x;
  if (row >= params.queries) { return; }
  let own = place(id.z, row, params.queries, id.y);
  ${unroll(vectors, (w) => `let q${w} = q[own + ${w}u] * params.scale; var sum${w} = vec4<f32>(0.0);`)}
  var largest = LEAST;
  var total = 0.0;
  let range = seen(id.z, row);
  for (var key = range.x; key < range.y; key++) {
    let at = place(id.z, key, params.keys, id.y);
    let score = ${dot(
      vectors,
      (w) => `q${w}`,
      (w) => `k[at + ${w}u]`,
    )};
    if (score > largest) {
      let shrink = exp(largest - score);
      total *= shrink;
      ${unroll(vectors, (w) => `sum${w} *= shrink;`)}
      largest = score;
    }
    let weight = exp(score - largest);
    total += weight;
    ${unroll(vectors, (w) => `sum${w} += weight * v[at + ${w}u];`)}
  }
  ${finishRow(vectors, "(id.z * params.heads + id.y) * params.queries + row")}
}`,
}));

/** A workgroup per query row: its threads take the keys in turn, then they merge in pairs. */
const groupPerRowProgram = memoisedProgram((vectors: number, hasMask: boolean, threads: number) => ({
  name: "omniAttentionGroupPerRow",
  inputs: { q: "vec4<f32>", k: "vec4<f32>", v: "vec4<f32>", ...maskInput(hasMask) },
  outputs: { output: "vec4<f32>", lse: "f32" } as const,
  uniforms: UNIFORMS,
  body: `${preamble(vectors, hasMask)}
var<workgroup> sums: array<vec4<f32>, ${(threads / 2) * vectors}>;
var<workgroup> extents: array<vec2<f32>, ${threads / 2}>;
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let row = group.x;
  let own = place(group.z, row, params.queries, group.y);
  ${unroll(vectors, (w) => `let q${w} = q[own + ${w}u] * params.scale; var sum${w} = vec4<f32>(0.0);`)}
  var largest = LEAST;
  var total = 0.0;
  let range = seen(group.z, row);
  for (var key = range.x + thread; key < range.y; key += ${threads}u) {
    let at = place(group.z, key, params.keys, group.y);
    let score = ${dot(
      vectors,
      (w) => `q${w}`,
      (w) => `k[at + ${w}u]`,
    )};
    let next = max(largest, score);
    let shrink = exp(largest - next);
    let weight = exp(score - next);
    total = total * shrink + weight;
    ${unroll(vectors, (w) => `sum${w} = sum${w} * shrink + weight * v[at + ${w}u];`)}
    largest = next;
  }
  for (var width = ${threads / 2}u; width > 0u; width >>= 1u) {
    if (thread >= width && thread < 2u * width) {
      let slot = thread - width;
      extents[slot] = vec2<f32>(largest, total);
      ${unroll(vectors, (w) => `sums[slot * W + ${w}u] = sum${w};`)}
    }
    workgroupBarrier();
    if (thread < width) {
      let other = extents[thread];
      let next = max(largest, other.x);
      let mine = exp(largest - next);
      let theirs = exp(other.x - next);
      total = total * mine + other.y * theirs;
      ${unroll(vectors, (w) => `sum${w} = sum${w} * mine + sums[thread * W + ${w}u] * theirs;`)}
      largest = next;
    }
    workgroupBarrier();
  }
  if (thread == 0u) {
    ${finishRow(vectors, "(group.z * params.heads + group.y) * params.queries + row")}
  }
}`,
}));

/** What the backward kernels need of each row: its log-sum-exp and Σ_d dy·output. */
const statisticsProgram = memoisedProgram((vectors: number) => ({
  name: "omniAttentionStatistics",
  inputs: { output: "vec4<f32>", dy: "vec4<f32>", lse: "f32" } as const,
  outputs: { statistics: "vec2<f32>" } as const,
  uniforms: UNIFORMS,
  body: `${preamble(vectors, false)}
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.queries) { return; }
  let own = place(id.z, id.x, params.queries, id.y);
  let at = (id.z * params.heads + id.y) * params.queries + id.x;
  statistics[at] = vec2<f32>(lse[at], ${dot(
    vectors,
    (w) => `output[own + ${w}u]`,
    (w) => `dy[own + ${w}u]`,
  )});
}`,
}));

/** Inputs of both backward kernels. */
const gradientInputs = (hasMask: boolean): GpuProgram["inputs"] => ({
  q: "vec4<f32>",
  k: "vec4<f32>",
  v: "vec4<f32>",
  ...maskInput(hasMask),
  dy: "vec4<f32>",
  statistics: "vec2<f32>",
});

/** A thread per query row. */
const queryGradientProgram = memoisedProgram((vectors: number, hasMask: boolean) => ({
  name: "omniAttentionQueryGradient",
  inputs: gradientInputs(hasMask),
  outputs: { dq: "vec4<f32>" } as const,
  uniforms: UNIFORMS,
  body: `${preamble(vectors, hasMask)}
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x;
  if (row >= params.queries) { return; }
  let own = place(id.z, row, params.queries, id.y);
  ${unroll(
    vectors,
    (w) =>
      `let q${w} = q[own + ${w}u] * params.scale; let dy${w} = dy[own + ${w}u]; var sum${w} = vec4<f32>(0.0);`,
  )}
  let statistic = statistics[(id.z * params.heads + id.y) * params.queries + row];
  let range = seen(id.z, row);
  for (var key = range.x; key < range.y; key++) {
    let at = place(id.z, key, params.keys, id.y);
    ${unroll(vectors, (w) => `let k${w} = k[at + ${w}u];`)}
    let prob = exp(${dot(
      vectors,
      (w) => `q${w}`,
      (w) => `k${w}`,
    )} - statistic.x);
    let dScore = prob * (${dot(
      vectors,
      (w) => `dy${w}`,
      (w) => `v[at + ${w}u]`,
    )} - statistic.y);
    ${unroll(vectors, (w) => `sum${w} += dScore * k${w};`)}
  }
  ${unroll(vectors, (w) => `dq[own + ${w}u] = sum${w} * params.scale;`)}
}`,
}));

/** A thread per key row. */
const keyGradientProgram = memoisedProgram((vectors: number, hasMask: boolean) => ({
  name: "omniAttentionKeyGradient",
  inputs: gradientInputs(hasMask),
  outputs: { dk: "vec4<f32>", dv: "vec4<f32>" } as const,
  uniforms: UNIFORMS,
  body: `${preamble(vectors, hasMask)}
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let key = id.x;
  if (key >= params.keys) { return; }
  let own = place(id.z, key, params.keys, id.y);
  ${unroll(
    vectors,
    (w) =>
      `let k${w} = k[own + ${w}u] * params.scale; let v${w} = v[own + ${w}u]; var dk${w} = vec4<f32>(0.0); var dv${w} = vec4<f32>(0.0);`,
  )}
  let firstStatistic = (id.z * params.heads + id.y) * params.queries;
  for (var row = 0u; row < params.queries; row++) {
    let range = seen(id.z, row);
    if (key < range.x || key >= range.y) { continue; }
    let at = place(id.z, row, params.queries, id.y);
    let statistic = statistics[firstStatistic + row];
    ${unroll(vectors, (w) => `let q${w} = q[at + ${w}u]; let dy${w} = dy[at + ${w}u];`)}
    let prob = exp(${dot(
      vectors,
      (w) => `q${w}`,
      (w) => `k${w}`,
    )} - statistic.x);
    let dScore = prob * (${dot(
      vectors,
      (w) => `dy${w}`,
      (w) => `v${w}`,
    )} - statistic.y);
    ${unroll(vectors, (w) => `dk${w} += dScore * q${w}; dv${w} += prob * dy${w};`)}
  }
  ${unroll(vectors, (w) => `dk[own + ${w}u] = dk${w} * params.scale; dv[own + ${w}u] = dv${w};`)}
}`,
}));

function uniformsOf({ queries, keys, heads, headSize }: Sizes, mask: TensorInfo | undefined) {
  return { queries, keys, heads, maskRows: mask?.shape[1] ?? 1, scale: 1 / Math.sqrt(headSize) };
}

/** @returns [output [B, Q, H, hd], log-sum-exp of the scaled scores [B, H, Q], -3e38 for rows that see nothing] */
export function attendOnGpu(
  backend: TrainerBackend,
  inputs: {
    readonly q: TensorInfo;
    readonly k: TensorInfo;
    readonly v: TensorInfo;
    readonly mask?: TensorInfo;
  },
  variant: AttentionVariant,
): TensorInfo[] {
  const sizes = sizesOf(inputs.q, inputs.k);
  const { batch, queries, heads, headSize } = sizes;
  const [vectors, hasMask] = [headSize / 4, inputs.mask !== undefined];
  const isShared = variant === "groupPerRow";
  const { output, lse } = backend.runProgram(
    isShared
      ? groupPerRowProgram(vectors, hasMask, vectors < WIDE_VECTORS ? THREADS : THREADS / 2)
      : threadPerRowProgram(vectors, hasMask),
    inputs,
    { output: f32(inputs.q.shape), lse: f32([batch, heads, queries]) },
    uniformsOf(sizes, inputs.mask),
    [isShared ? queries : Math.ceil(queries / THREADS), heads, batch],
  );
  return [output, lse];
}

/** @returns [dq, dk, dv] */
export function attendGradientsOnGpu(
  backend: TrainerBackend,
  inputs: Readonly<Record<"q" | "k" | "v" | "output" | "dy" | "statistics", TensorInfo>> & {
    readonly mask?: TensorInfo;
  },
): TensorInfo[] {
  const { q, k, v, mask, output, dy, statistics: lse } = inputs;
  const sizes = sizesOf(q, k);
  const { batch, queries, keys, heads, headSize } = sizes;
  const [vectors, uniforms, hasMask] = [headSize / 4, uniformsOf(sizes, mask), mask !== undefined];
  const byQuery = [Math.ceil(queries / THREADS), heads, batch] as const;
  const { statistics } = backend.runProgram(
    statisticsProgram(vectors),
    { output, dy, lse },
    { statistics: f32([batch, heads, queries, 2]) },
    uniforms,
    byQuery,
  );
  const read = { q, k, v, ...(mask ? { mask } : {}), dy, statistics };
  const { dq } = backend.runProgram(
    queryGradientProgram(vectors, hasMask),
    read,
    { dq: f32(q.shape) },
    uniforms,
    byQuery,
  );
  const { dk, dv } = backend.runProgram(
    keyGradientProgram(vectors, hasMask),
    read,
    { dk: f32(k.shape), dv: f32(v.shape) },
    uniforms,
    [Math.ceil(keys / THREADS), heads, batch],
  );
  backend.disposeData(statistics.dataId);
  return [dq, dk, dv];
}
