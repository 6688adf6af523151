/** A weight with its adapters added, for passes that need no gradient. */
import * as tf from "@tensorflow/tfjs-core";
import { FLAT_GROUP, spreadGroups } from "../../device/gpuProgram.ts";
import { f32, memoisedProgram } from "../../device/programCache.ts";
import { defineOp } from "../defineOp.ts";
import type { JoinedTerms } from "./joinedTerms.ts";
import { type Span, termReader, termUniforms, termValues } from "./terms.ts";

const THREADS = 64;

/** A thread an element; neighbours read neighbouring columns. */
const mergeProgram = memoisedProgram((terms: number) => ({
  name: "quantMatMulMerge",
  inputs: { weight: "f32", a: "f32", b: "f32" } as const,
  outputs: { merged: "f32" } as const,
  uniforms: { size: "u32", width: "u32", inSize: "u32", rank: "u32", scale: "f32", ...termUniforms(terms) },
  body: `${FLAT_GROUP}${termReader(terms)}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let place = flatGroup(group, groups) * ${THREADS}u + thread;
  if (place >= params.size) { return; }
  let row = place / params.width;
  let column = place % params.width;
  var sum = 0.0;
  for (var at = 0u; at < ${terms}u; at++) {
    let term = termOf(at);
    if (column < term.start || column >= term.end) { continue; }
    let own = (column + term.row - term.start) * params.rank;
    for (var j = 0u; j < params.rank; j++) { sum += a[(at * params.rank + j) * params.inSize + row] * b[own + j]; }
  }
  merged[place] = weight[place] + sum * params.scale;
}`,
}));

interface MergeInputs {
  readonly weight: tf.Tensor;
  readonly a: tf.Tensor;
  readonly b: tf.Tensor;
}

interface MergeAttributes {
  readonly spans: readonly Span[];
  readonly scale: number;
}

/** From stock ops: each term's product, zeros where there is none. */
function mergeTwin({ weight, a, b }: MergeInputs, { spans, scale }: MergeAttributes): tf.Tensor[] {
  const [inSize = 0, outSize = 0] = weight.shape;
  const rank = b.shape[1] ?? 0;
  let row = 0;
  let merged = weight;
  for (const [at, { start, count }] of spans.entries()) {
    const ownA = tf.slice(a, [at * rank, 0], [rank, inSize]);
    const ownB = tf.slice(b, [row, 0], [count, rank]);
    row += count;
    const delta = tf.matMul(tf.transpose(ownA), tf.transpose(tf.mul(ownB, scale)));
    const isWhole = count === outSize;
    merged = tf.add(
      merged,
      isWhole
        ? delta
        : tf.pad(delta, [
            [0, 0],
            [start, outSize - start - count],
          ]),
    );
  }
  return [merged];
}

const runMerge = defineOp<MergeInputs, MergeAttributes>({
  name: "MergedWeight",
  twin: mergeTwin,
  webgpu: (backend, { weight, a, b }, { spans, scale }) => {
    const [inSize = 0, width = 0] = weight.shape;
    const size = inSize * width;
    const uniforms = { size, width, inSize, rank: b.shape[1] ?? 0, scale, ...termValues(spans) };
    const groups = spreadGroups(Math.ceil(size / THREADS));
    const outputs = { merged: f32(weight.shape) };
    return [
      backend.runProgram(mergeProgram(spans.length), { weight, a, b }, outputs, uniforms, groups).merged,
    ];
  },
});

/**
 * W + Σ scale·(B·A)ᵀ, each term on its own columns. On no tape.
 * @param weight [in, out] @returns [in, out], owned by the caller
 */
export function mergeTerms(
  weight: tf.Tensor2D,
  { a, b }: JoinedTerms,
  spans: readonly Span[],
  scale: number,
): tf.Tensor2D {
  return runMerge({ weight, a, b }, { spans, scale })[0] as tf.Tensor2D;
}
