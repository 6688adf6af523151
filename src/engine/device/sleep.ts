/** Timers exist in pages, workers and Node, but not in the engine's DOM-free type library. */
declare function setTimeout(action: () => void, delayMs: number): unknown;

/** Resolves after so long, other events first. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
