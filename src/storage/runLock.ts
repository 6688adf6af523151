/**
 * One tab trains a run: a Web Lock per run, held as long as the run is open and freed by the browser on a crash. A tab
 * that wants a run from another asks for it; one that does not answer loses it.
 */
import { EngineError } from "../engine/errors.ts";

/** Frees the run for other tabs. */
export type ReleaseRun = () => void;

export interface LockOrder {
  /** Takes the run even where another tab has it, which then saves and closes it. */
  readonly isForced: boolean;
  /**
   * Another tab wants the run; it gets it when this resolves.
   * @param isStolen it has it already, because this tab did not answer: nothing may be saved any more
   */
  readonly onWanted: (isStolen: boolean) => Promise<void>;
}

/** The part of the host that is used. */
export interface LockHost {
  /** Absent in old browsers. */
  readonly locks: LockManager | undefined;
  readonly openChannel: (name: string) => Pick<BroadcastChannel, "postMessage" | "close" | "onmessage">;
}

/** A pass on a slow device blocks a tab for this long at most before it can answer. */
const PATIENCE_MS = 10_000;

const HOST: LockHost = {
  locks: globalThis.navigator?.locks,
  openChannel: (name) => new BroadcastChannel(name),
};

/**
 * Takes a run for this tab.
 * @throws EngineError("runInUse") when another tab has it and the order is not forced
 */
export async function lockRun(
  runId: string,
  order: LockOrder,
  { locks, openChannel }: LockHost = HOST,
  patienceMs: number = PATIENCE_MS,
): Promise<ReleaseRun> {
  // Without the Web Locks API there is nothing to ask; two slots still keep each save whole.
  if (!locks) return () => undefined;
  const name = `unirl-run-${runId}`;
  const channel = openChannel(name);
  try {
    const held = await hold(locks, name, { ifAvailable: true });
    if (held) return guard(held, channel, order);
    if (!order.isForced) throw inUse(runId);
    channel.postMessage("wanted");
    const given = await hold(locks, name, { signal: AbortSignal.timeout(patienceMs) }).catch(() => null);
    return guard(given ?? (await hold(locks, name, { steal: true })) ?? fail(runId), channel, order);
  } catch (error) {
    channel.close();
    throw error;
  }
}

/** A lock that is held until it is released, or stolen. */
interface Held {
  release(): void;
  /** Rejects when another tab steals the lock. */
  readonly ended: Promise<unknown>;
}

/** @returns null where the lock is not to be had under these options @throws what `request` throws */
function hold(locks: LockManager, name: string, options: LockOptions): Promise<Held | null> {
  return new Promise((resolve, reject) => {
    const ended: Promise<unknown> = locks.request(name, options, (lock) => {
      if (!lock) {
        resolve(null);
        return;
      }
      return new Promise<void>((release) => resolve({ release, ended }));
    });
    ended.catch(reject);
  });
}

/** Listens for other tabs as long as the lock is held. */
function guard(
  { release, ended }: Held,
  channel: ReturnType<LockHost["openChannel"]>,
  { onWanted }: LockOrder,
): ReleaseRun {
  const end = () => {
    channel.close();
    release();
  };
  channel.onmessage = () => void onWanted(false).finally(end);
  ended.catch(() => {
    channel.close();
    return onWanted(true);
  });
  return end;
}

function inUse(runId: string): EngineError {
  return new EngineError(
    "runInUse",
    "This run is open in another tab. Take it over, go on there, or start a new run here.",
    { runId },
  );
}

function fail(runId: string): never {
  throw inUse(runId);
}
