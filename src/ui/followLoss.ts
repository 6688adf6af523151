/** Brings the live run back by itself after the first lost device of a visit; from then on the card asks. */
import type { LiveSession } from "./session.ts";
import type { Stores } from "./stores/connectStores.ts";

interface Follower {
  readonly stores: Pick<Stores, "run">;
  readonly session: Pick<LiveSession, "comeBack">;
}

/** Watches until the returned function is called. Where no run is open there is nothing to come back to, and the card asks. */
export function followLoss({ stores, session }: Follower): () => void {
  let hasReturned = false;
  return stores.run.subscribe(({ failure, runId, step }, before) => {
    if (failure === before.failure || failure?.error.code !== "deviceLost" || runId === null) return;
    if (hasReturned) return;
    hasReturned = true;
    session.comeBack(failure.step ?? step);
  });
}
