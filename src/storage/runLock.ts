/** One tab trains a run: a Web Lock per run, held as long as the run is open and freed by the browser on a crash. */
import { EngineError } from "../engine/errors.ts";

/** Frees the run for other tabs. */
export type ReleaseRun = () => void;

/**
 * Takes a run for this tab.
 * @throws EngineError("runInUse") when another tab has it
 */
export async function lockRun(
  runId: string,
  locks: LockManager | undefined = globalThis.navigator?.locks,
): Promise<ReleaseRun> {
  // Without the Web Locks API there is nothing to ask; two slots still keep each save whole.
  if (!locks) return () => undefined;
  return await new Promise<ReleaseRun>((resolve, reject) => {
    locks
      .request(`unirl-run-${runId}`, { ifAvailable: true }, async (lock) => {
        if (!lock) {
          reject(
            new EngineError(
              "runInUse",
              "This run is open in another tab. Go on there, close that tab, or start a new run here.",
              { runId },
            ),
          );
          return;
        }
        await new Promise<void>((release) => resolve(release));
      })
      .catch(reject);
  });
}
