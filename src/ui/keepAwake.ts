/** Keeps the screen awake while a run trains in a tab that is seen, where the person asked for it. */
import type { Stores } from "./stores/connectStores.ts";

/** The part of the browser's wake lock that is used; tests pass a fake. */
export type ScreenLock = Pick<WakeLock, "request">;

/** The browser's lock, or null where it has none. */
export function findScreenLock(): ScreenLock | null {
  return "wakeLock" in navigator ? navigator.wakeLock : null;
}

/**
 * Holds the lock while it is wanted, until the returned function is called. The browser takes it back when the tab is
 * hidden; it is asked for again when the tab returns. A refusal switches the wish off and is said at the switch.
 */
export function keepAwake(
  { run, settings }: Pick<Stores, "run" | "settings">,
  lock: ScreenLock,
  page: Document = document,
): () => void {
  let held: WakeLockSentinel | null = null;
  let isAsking = false;
  let isOver = false;
  const isWanted = () => {
    const { state } = run.getState();
    const isTraining = state === "running" || state === "pausing";
    return !isOver && settings.getState().awake === "wanted" && isTraining && !page.hidden;
  };
  const hold = async () => {
    isAsking = true;
    try {
      const sentinel = await lock.request("screen");
      held = sentinel;
      sentinel.addEventListener("release", () => {
        if (held === sentinel) held = null;
      });
    } catch {
      // The battery is low, or a policy forbids it.
      settings.setState({ awake: "refused" });
    } finally {
      isAsking = false;
    }
    look();
  };
  function look(): void {
    if (isAsking) return;
    if (isWanted() && held === null) void hold();
    if (!isWanted() && held !== null) {
      void held.release();
      held = null;
    }
  }
  const unfollow = [run.subscribe(look), settings.subscribe(look)];
  page.addEventListener("visibilitychange", look);
  return () => {
    isOver = true;
    for (const stop of unfollow) stop();
    page.removeEventListener("visibilitychange", look);
    look();
  };
}
