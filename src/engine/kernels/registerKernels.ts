/** Our kernels that stand before tfjs's own. The rest of the engine knows only tfjs operations. */
import { registerSimdBatchMatMul } from "./batchMatMul/wasm.ts";
import { registerGatherRows } from "./gatherRows/wasm.ts";
import { registerSliceBlocks } from "./slice/wasm.ts";

/** Call once a backend runs, before the first model; further calls do nothing. */
export function registerKernels(): void {
  registerSimdBatchMatMul();
  registerGatherRows();
  registerSliceBlocks();
}
