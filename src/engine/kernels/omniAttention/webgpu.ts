/**
 * Attention on WebGPU without ever storing a score. Forward: a running softmax over the keys, which leaves the output and
 * each row's log-sum-exp; backward: scores again from q, k and the log-sum-exp. Every sum belongs to one thread or is
 * reduced in a fixed order, so results repeat to the bit.
 *
 * Two forms forward: a thread per query row for many rows, a workgroup per query row for few rows behind many keys
 * (decoding). Source: Dao et al., FlashAttention, arXiv 2205.14135, and 2307.08691 (backward in two kernels).
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { f32, memoisedProgram } from "../../device/programCache.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import type { AttentionInputs } from "./twin.ts";

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

/** Whether the shaders can run these inputs: heads read by fours, sight given as ranges. */
export function canRun(q: TensorInfo, heads: number, sight: TensorInfo | undefined): boolean {
  const headSize = (q.shape[1] ?? 0) / heads;
  return headSize % 4 === 0 && headSize <= MAX_HEAD_SIZE && sight?.dtype === "int32";
}

const UNIFORMS = { queries: "u32", keys: "u32", heads: "u32", scale: "f32" } as const;

/** `count` lines of WGSL, one per vector of a head: loops over registers would send them to memory. */
function unroll(count: number, line: (at: number) => string): string {
  return Array.from({ length: count }, (_, at) => line(at)).join(" ");
}

/** WGSL for the sum of products of two unrolled vectors. */
function dot(count: number, a: (at: number) => string, b: (at: number) => string): string {
  return Array.from({ length: count }, (_, at) => `dot(${a(at)}, ${b(at)})`).join(" + ");
}

/**
 * Shared by all kernels: where a head's vectors begin, in fours, and what a query row sees: two stretches of key rows.
 * Key rows that are not there are seen by no one.
 */
const preamble = (vectors: number) => `
const W = ${vectors}u;
const LEAST = -3.0e38;
fn place(row: u32, head: u32) -> u32 { return (row * params.heads + head) * W; }`;

const SIGHT = `
fn seen(row: u32, stretch: u32) -> vec2<u32> {
  let at = 4u * row + 2u * stretch;
  let keys = i32(params.keys);
  return vec2<u32>(u32(clamp(sight[at], 0, keys)), u32(clamp(sight[at + 1u], 0, keys)));
}`;

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

const INPUTS = { q: "vec4<f32>", k: "vec4<f32>", v: "vec4<f32>", sight: "i32" } as const;

/** A thread per query row. */
const threadPerRowProgram = memoisedProgram((vectors: number) => ({
  name: "omniAttention",
  inputs: INPUTS,
  outputs: { output: "vec4<f32>", lse: "f32" } as const,
  uniforms: UNIFORMS,
  body: `${preamble(vectors)}${SIGHT}
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x;
  if (row >= params.queries) { return; }
  let own = place(row, id.y);
  ${unroll(vectors, (w) => `let q${w} = q[own + ${w}u] * params.scale; var sum${w} = vec4<f32>(0.0);`)}
  var largest = LEAST;
  var total = 0.0;
  for (var stretch = 0u; stretch < 2u; stretch++) {
    let range = seen(row, stretch);
    for (var key = range.x; key < range.y; key++) {
      let at = place(key, id.y);
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
  }
  ${finishRow(vectors, "row * params.heads + id.y")}
}`,
}));

/** A workgroup per query row: its threads take the keys in turn, then they merge in pairs. */
const groupPerRowProgram = memoisedProgram((vectors: number, threads: number) => ({
  name: "omniAttentionGroupPerRow",
  inputs: INPUTS,
  outputs: { output: "vec4<f32>", lse: "f32" } as const,
  uniforms: UNIFORMS,
  body: `${preamble(vectors)}${SIGHT}
var<workgroup> sums: array<vec4<f32>, ${(threads / 2) * vectors}>;
var<workgroup> extents: array<vec2<f32>, ${threads / 2}>;
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let row = group.x;
  let own = place(row, group.y);
  ${unroll(vectors, (w) => `let q${w} = q[own + ${w}u] * params.scale; var sum${w} = vec4<f32>(0.0);`)}
  var largest = LEAST;
  var total = 0.0;
  for (var stretch = 0u; stretch < 2u; stretch++) {
    let range = seen(row, stretch);
    for (var key = range.x + thread; key < range.y; key += ${threads}u) {
      let at = place(key, group.y);
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
    ${finishRow(vectors, "row * params.heads + group.y")}
  }
}`,
}));

/** What the backward kernels need of each row: its log-sum-exp and Σ_d dy·output. */
const statisticsProgram = memoisedProgram((vectors: number) => ({
  name: "omniAttentionStatistics",
  inputs: { output: "vec4<f32>", dy: "vec4<f32>", lse: "f32" } as const,
  outputs: { statistics: "vec2<f32>" } as const,
  uniforms: UNIFORMS,
  body: `${preamble(vectors)}
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.queries) { return; }
  let own = place(id.x, id.y);
  let at = id.x * params.heads + id.y;
  statistics[at] = vec2<f32>(lse[at], ${dot(
    vectors,
    (w) => `output[own + ${w}u]`,
    (w) => `dy[own + ${w}u]`,
  )});
}`,
}));

/** Inputs of both backward kernels. */
const GRADIENT_INPUTS = { ...INPUTS, dy: "vec4<f32>", statistics: "vec2<f32>" } as const;

/** WGSL for a pair's probability and its score's gradient, from `q…`, `k…` (one of them scaled), `dy…` and `statistic`. */
function scoreGradient(vectors: number, v: (at: number) => string): string {
  const score = dot(
    vectors,
    (w) => `q${w}`,
    (w) => `k${w}`,
  );
  return `let prob = exp(${score} - statistic.x);
      let dScore = prob * (${dot(vectors, (w) => `dy${w}`, v)} - statistic.y);`;
}

/** A thread per query row. */
const queryGradientProgram = memoisedProgram((vectors: number) => ({
  name: "omniAttentionQueryGradient",
  inputs: GRADIENT_INPUTS,
  outputs: { dq: "vec4<f32>" } as const,
  uniforms: UNIFORMS,
  body: `${preamble(vectors)}${SIGHT}
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x;
  if (row >= params.queries) { return; }
  let own = place(row, id.y);
  ${unroll(
    vectors,
    (w) =>
      `let q${w} = q[own + ${w}u] * params.scale; let dy${w} = dy[own + ${w}u]; var sum${w} = vec4<f32>(0.0);`,
  )}
  let statistic = statistics[row * params.heads + id.y];
  for (var stretch = 0u; stretch < 2u; stretch++) {
    let range = seen(row, stretch);
    for (var key = range.x; key < range.y; key++) {
      let at = place(key, id.y);
      ${unroll(vectors, (w) => `let k${w} = k[at + ${w}u];`)}
      ${scoreGradient(vectors, (w) => `v[at + ${w}u]`)}
      ${unroll(vectors, (w) => `sum${w} += dScore * k${w};`)}
    }
  }
  ${unroll(vectors, (w) => `dq[own + ${w}u] = sum${w} * params.scale;`)}
}`,
}));

/** A thread per key row, over the query rows among which are all that see it. */
const keyGradientProgram = memoisedProgram((vectors: number) => ({
  name: "omniAttentionKeyGradient",
  inputs: GRADIENT_INPUTS,
  outputs: { dk: "vec4<f32>", dv: "vec4<f32>" } as const,
  uniforms: UNIFORMS,
  body: `${preamble(vectors)}${SIGHT}
fn isSeen(key: u32, row: u32) -> bool {
  let before = seen(row, 0u);
  let own = seen(row, 1u);
  return (key >= before.x && key < before.y) || (key >= own.x && key < own.y);
}
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let key = id.x;
  if (key >= params.keys) { return; }
  let own = place(key, id.y);
  ${unroll(
    vectors,
    (w) =>
      `let k${w} = k[own + ${w}u] * params.scale; let v${w} = v[own + ${w}u]; var dk${w} = vec4<f32>(0.0); var dv${w} = vec4<f32>(0.0);`,
  )}
  let seers = 4u * params.queries + 2u * key;
  let end = min(u32(sight[seers + 1u]), params.queries);
  for (var row = u32(sight[seers]); row < end; row++) {
    if (!isSeen(key, row)) { continue; }
    let at = place(row, id.y);
    let statistic = statistics[row * params.heads + id.y];
    ${unroll(vectors, (w) => `let q${w} = q[at + ${w}u]; let dy${w} = dy[at + ${w}u];`)}
    ${scoreGradient(vectors, (w) => `v${w}`)}
    ${unroll(vectors, (w) => `dk${w} += dScore * q${w}; dv${w} += prob * dy${w};`)}
  }
  ${unroll(vectors, (w) => `dk[own + ${w}u] = dk${w} * params.scale; dv[own + ${w}u] = dv${w};`)}
}`,
}));

/** Sizes of a call. */
function sizesOf(q: TensorInfo, k: TensorInfo, heads: number) {
  const [[queries = 0, width = 0], [keys = 0]] = [q.shape, k.shape];
  const headSize = width / heads;
  return { vectors: headSize / 4, uniforms: { queries, keys, heads, scale: 1 / Math.sqrt(headSize) } };
}

/** With `sight` as `SequenceLayout` makes it. */
type SightedInputs = AttentionInputs<TensorInfo> & { readonly sight: TensorInfo };

/** @returns output [R, D] and log-sum-exp of the scaled scores [R, H], -3e38 for rows that see nothing */
export function attendOnGpu(
  backend: TrainerBackend,
  { q, k, v, sight }: SightedInputs,
  heads: number,
  variant: AttentionVariant,
): TensorInfo[] {
  const { vectors, uniforms } = sizesOf(q, k, heads);
  const { queries } = uniforms;
  const isShared = variant === "groupPerRow";
  const { output, lse } = backend.runProgram(
    isShared
      ? groupPerRowProgram(vectors, vectors < WIDE_VECTORS ? THREADS : THREADS / 2)
      : threadPerRowProgram(vectors),
    { q, k, v, sight },
    { output: f32(q.shape), lse: f32([queries, heads]) },
    uniforms,
    [isShared ? queries : Math.ceil(queries / THREADS), heads, 1],
  );
  return [output, lse];
}

/** @returns [dq, dk, dv] */
export function attendGradientsOnGpu(
  backend: TrainerBackend,
  inputs: SightedInputs & Readonly<Record<"output" | "dy" | "lse", TensorInfo>>,
  heads: number,
): TensorInfo[] {
  const { q, k, v, sight, output, dy, lse } = inputs;
  const { vectors, uniforms } = sizesOf(q, k, heads);
  const { queries, keys } = uniforms;
  const byQuery = [Math.ceil(queries / THREADS), heads, 1] as const;
  const { statistics } = backend.runProgram(
    statisticsProgram(vectors),
    { output, dy, lse },
    { statistics: f32([queries, heads, 2]) },
    uniforms,
    byQuery,
  );
  const read = { q, k, v, sight, dy, statistics };
  const { dq } = backend.runProgram(
    queryGradientProgram(vectors),
    read,
    { dq: f32(q.shape) },
    uniforms,
    byQuery,
  );
  const { dk, dv } = backend.runProgram(
    keyGradientProgram(vectors),
    read,
    { dk: f32(k.shape), dv: f32(v.shape) },
    uniforms,
    [Math.ceil(keys / THREADS), heads, 1],
  );
  backend.disposeData(statistics.dataId);
  return [dq, dk, dv];
}
