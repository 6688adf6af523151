/**
 * Failures on demand (`?fail=`), for tests and demonstrations. Each provokes the real thing where that is possible:
 * the device is destroyed, the weights become NaN, the thread dies.
 */
import type { RunConfig } from "../engine/config.ts";
import { EngineError } from "../engine/errors.ts";
import type { Killer, Lack, SessionEngine, SessionStorage } from "./ports.ts";

export const FAILURES = [
  "nogpu",
  "nof16",
  "lost",
  "lostTwice",
  "crash",
  "hang",
  "nan",
  "quota",
  "corrupt",
  "gate",
  "oom",
] as const;
export type Failure = (typeof FAILURES)[number];

/** @throws EngineError("badInput") for a failure that cannot be provoked */
export function parseFailure(name: string | null): Failure | null {
  if (name === null) return null;
  const failure = FAILURES.find((known) => known === name);
  if (failure) return failure;
  throw new EngineError("badInput", `?fail=${name} is not known. Use one of ${FAILURES.join(", ")}.`, {
    name,
  });
}

/** What is still to fail after a reconnection: one more would mostly make recovery impossible to see. */
export const failureAfterReturn = (name: string | null): Failure | null =>
  name === "lostTwice" ? "lost" : null;

/** What the engine is to pretend to lack. */
export function lackOf(failure: Failure | null): Lack {
  if (failure === "nogpu") return "gpu";
  return failure === "nof16" ? "f16" : null;
}

/** A run may take as good as nothing, when that is the failure asked for: it is refused before it begins. */
export function failOpening(failure: Failure | null, config: RunConfig): RunConfig {
  return failure === "gate" ? { ...config, memoryBudget: 1e-3 } : config;
}

/** What happens after the first finished step. */
export async function failAfterStep(
  failure: Failure | null,
  engine: Pick<SessionEngine, "destroyDevice">,
  run: { readonly engine: { poison(): Promise<void> } },
  killer: Killer,
): Promise<void> {
  if (failure === "lost" || failure === "lostTwice") engine.destroyDevice();
  else if (failure === "nan") await run.engine.poison();
  else if (failure === "crash") killer.crash();
  else if (failure === "hang") killer.hang();
  else if (failure === "oom") {
    throw new EngineError("outOfMemory", "The GPU ran out of memory (pretended: ?fail=oom).", {
      isProvoked: true,
    });
  }
}

/** Storage that is full or damaged, when that is the failure asked for. */
export function failStorage(failure: Failure | null, storage: SessionStorage): SessionStorage {
  if (failure === "quota") {
    return {
      ...storage,
      save: () =>
        Promise.reject(
          new EngineError(
            "storageFull",
            "The browser's storage for this page is full. Delete stored runs; training goes on unsaved until then.",
            { isProvoked: true },
          ),
        ),
    };
  }
  if (failure === "corrupt") {
    return {
      ...storage,
      load: (runId) =>
        Promise.reject(
          new EngineError(
            "checkpointCorrupt",
            "No good checkpoint of this run is left: what is stored does not match its checksum. Delete the run and start again.",
            { runId, isProvoked: true },
          ),
        ),
    };
  }
  return storage;
}
