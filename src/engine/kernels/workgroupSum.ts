/**
 * WGSL that adds up a pair of numbers over a workgroup, in an order that is always the same on one device. Every thread has
 * the sum. By subgroups, whose threads read each other's registers, where the device has them: then shared memory holds a
 * part for each subgroup instead of one for each thread. Nothing is assumed about how large subgroups are.
 */
import type { ProgramFeature } from "../device/gpuProgram.ts";

export interface WorkgroupSum {
  /** What the program needs. */
  readonly features: readonly ProgramFeature[];
  /** Further arguments of `main`. */
  readonly builtins: string;
  /** Module-scope declarations. */
  readonly functions: string;
  /** The sum, an expression; once a kernel and in uniform control flow. @param own WGSL of the thread's vec2<f32> */
  readonly of: (own: string) => string;
}

/** @param threads of the workgroup, whose index is `thread` in `main` */
export function workgroupSum(threads: number, hasSubgroups: boolean): WorkgroupSum {
  const parts = `var<workgroup> parts: array<vec2<f32>, ${threads}>;`;
  const loop = (count: string) => `workgroupBarrier();
  var total = vec2<f32>(0.0);
  for (var at = 0u; at < ${count}; at++) { total += parts[at]; }
  return total;`;
  if (!hasSubgroups) {
    return {
      features: [],
      builtins: "",
      functions: `${parts}
fn addUp(thread: u32, own: vec2<f32>) -> vec2<f32> {
  parts[thread] = own;
  ${loop(`${threads}u`)}
}`,
      of: (own) => `addUp(thread, ${own})`,
    };
  }
  return {
    features: ["subgroups"],
    builtins: ", @builtin(subgroup_id) subgroup: u32, @builtin(num_subgroups) subgroups: u32",
    functions: `${parts}
fn addUp(subgroup: u32, subgroups: u32, own: vec2<f32>) -> vec2<f32> {
  let sum = subgroupAdd(own);
  if (subgroupElect()) { parts[subgroup] = sum; }
  ${loop("subgroups")}
}`,
    of: (own) => `addUp(subgroup, subgroups, ${own})`,
  };
}
