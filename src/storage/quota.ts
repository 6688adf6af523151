/** How much storage the browser grants, asked before every save. */
import { EngineError } from "../engine/errors.ts";

export interface StorageEstimate {
  readonly usedBytes: number | null;
  readonly quotaBytes: number | null;
}

/** Bytes used and granted; null where the browser does not say. Never throws. */
export async function estimateStorage(): Promise<StorageEstimate> {
  const storage = globalThis.navigator?.storage;
  if (!storage?.estimate) return { usedBytes: null, quotaBytes: null };
  try {
    const { usage, quota } = await storage.estimate();
    return { usedBytes: usage ?? null, quotaBytes: quota ?? null };
  } catch {
    // An opaque origin refuses the question; the save itself then tells.
    return { usedBytes: null, quotaBytes: null };
  }
}

/** @throws EngineError("storageFull") when `sizeBytes` more would exceed what the browser grants */
export async function assertRoom(sizeBytes: number): Promise<void> {
  const { usedBytes, quotaBytes } = await estimateStorage();
  if (usedBytes === null || quotaBytes === null || usedBytes + sizeBytes <= quotaBytes) return;
  throw new EngineError(
    "storageFull",
    "The browser's storage for this page is full. Delete stored runs; training goes on unsaved until then.",
    { usedBytes, quotaBytes, neededBytes: sizeBytes },
  );
}
