/** Long evaluations in batches: progress, cancellation, and a breath between batches for whoever shares the thread. */
import { EngineError } from "../errors.ts";
import type { DrawRequest } from "../models/unified.ts";

/** How an evaluation is driven. */
export interface EvalProgress {
  /** Items per model call; 32 by default. */
  readonly batchSize?: number;
  readonly signal?: NonNullable<DrawRequest["signal"]>;
  /** Called after each batch with the number of finished items of this evaluation. */
  readonly onProgress?: (done: number, total: number) => void;
}

const BATCH_SIZE = 32;

/**
 * Maps items batch by batch, in order.
 * @throws EngineError("cancelled") between batches, once the signal is aborted
 */
export async function mapBatches<Item, Result>(
  items: readonly Item[],
  progress: EvalProgress,
  run: (batch: readonly Item[]) => Promise<readonly Result[]>,
): Promise<Result[]> {
  const { batchSize = BATCH_SIZE, signal, onProgress } = progress;
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += batchSize) {
    if (signal?.aborted) throw new EngineError("cancelled", "The evaluation was stopped.");
    results.push(...(await run(items.slice(start, start + batchSize))));
    onProgress?.(results.length, items.length);
  }
  return results;
}
