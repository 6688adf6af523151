/** The loss of scored tokens and its slopes on WebGPU: one dispatch of one workgroup, sums in a fixed order. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { GpuProgram } from "../../device/gpuProgram.ts";
import { f32, memoisedProgram } from "../../device/programCache.ts";
import type { TrainerBackend } from "../../device/trainerBackend.ts";
import type { ScoredTokens, TokenLossOptions } from "./twin.ts";

/** Also the most samples of a call: a thread counts the tokens of each. */
const THREADS = 256;

const lossProgram = memoisedProgram((isLikelihood: boolean, hasReference: boolean, hasOld: boolean) => {
  const inputs: GpuProgram["inputs"] = {
    logProbs: "f32",
    weights: "f32",
    signals: "f32",
    ...(hasReference ? { reference: "f32" as const } : {}),
    ...(hasOld ? { old: "f32" as const } : {}),
  };
  const policy = hasOld
    ? `let ratio = exp(l - old[at]);
    let pushed = ratio * signal;
    let held = clamp(ratio, 1.0 - params.low, 1.0 + params.high) * signal;
    values = vec4<f32>(-min(pushed, held), 0.0, l, select(0.0, 1.0, ratio < 1.0 - params.low || ratio > 1.0 + params.high));
    slope = select(0.0, -pushed, pushed <= held);`
    : "values = vec4<f32>(-signal, 0.0, l, 0.0); slope = -signal;";
  return {
    name: "tokenLoss",
    inputs,
    outputs: { loss: "f32", sums: "f32", slopes: "f32" } as const,
    uniforms: {
      samples: "u32",
      tokens: "u32",
      klWeight: "f32",
      low: "f32",
      high: "f32",
      share: "f32",
    } as const,
    body: `
var<workgroup> counts: array<f32, ${THREADS}>;
var<workgroup> parts: array<vec4<f32>, ${THREADS}>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(local_invocation_index) thread: u32) {
  if (thread < params.samples) {
    var count = 0.0;
    for (var token = 0u; token < params.tokens; token++) { count += weights[thread * params.tokens + token]; }
    counts[thread] = max(count, 1.0);
  }
  workgroupBarrier();
  var own = vec4<f32>(0.0);
  for (var at = thread; at < params.samples * params.tokens; at += ${THREADS}u) {
    let sample = at / params.tokens;
    let share = params.share * weights[at] / counts[sample];
    let l = logProbs[at];
    let signal = signals[sample];
    var values: vec4<f32>;
    var slope: f32;
    ${isLikelihood ? "values = vec4<f32>(-signal * l, 0.0, l, 0.0); slope = -signal;" : policy}
    ${
      hasReference
        ? `let difference = reference[at] - l;
    let distance = exp(difference) - difference - 1.0;
    values.x += params.klWeight * distance;
    values.y = distance;
    slope += params.klWeight * (1.0 - exp(difference));`
        : ""
    }
    own += values * share;
    slopes[at] = slope * share;
  }
  parts[thread] = own;
  workgroupBarrier();
  if (thread > 0u) { return; }
  var total = vec4<f32>(0.0);
  for (var at = 0u; at < ${THREADS}u; at++) { total += parts[at]; }
  loss[0] = total.x;
  sums[0] = total.x;
  sums[1] = total.y;
  sums[2] = total.z;
  sums[3] = total.w;
}`,
  };
});

export function canRun({ logProbs }: { readonly logProbs: TensorInfo }): boolean {
  return (logProbs.shape[0] ?? 0) <= THREADS;
}

/** @returns the loss [], the sums [4] and the slopes [B, T] */
export function tokenLossOnGpu(
  backend: TrainerBackend,
  inputs: ScoredTokens<TensorInfo>,
  { objective, klWeight, clip, share }: TokenLossOptions,
): TensorInfo[] {
  const [samples = 0, tokens = 0] = inputs.logProbs.shape;
  const isLikelihood = objective === "sft";
  const hasOld = inputs.old !== undefined && !isLikelihood;
  const { loss, sums, slopes } = backend.runProgram(
    lossProgram(isLikelihood, inputs.reference !== undefined, hasOld),
    { ...inputs },
    { loss: f32([]), sums: f32([4]), slopes: f32([samples, tokens]) },
    { samples, tokens, klWeight, ...clip, share },
    [1, 1, 1],
  );
  return [loss, sums, slopes];
}
