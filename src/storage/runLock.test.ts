import { describe, expect, it, vi } from "vitest";
import { type LockHost, type LockOrder, lockRun } from "./runLock.ts";

type Body = (lock: unknown) => Promise<unknown> | undefined;
interface Holder {
  readonly steal: () => void;
}

/** Two tabs' worth of browser: one holder per name, waiting, stealing, and channels that hear each other. */
function createBrowser() {
  const holders = new Map<string, Holder>();
  const waiting: (() => void)[] = [];
  const channels: { name: string; onmessage: ((event: MessageEvent) => void) | null }[] = [];
  const take = async (name: string, body: Body): Promise<unknown> => {
    const stolen = new Promise((_, reject) => {
      holders.set(name, { steal: () => reject(new DOMException("stolen", "AbortError")) });
    });
    const holder = holders.get(name);
    try {
      return await Promise.race([body({ name }), stolen]);
    } finally {
      if (holders.get(name) === holder) holders.delete(name);
      for (const wake of waiting.splice(0)) wake();
    }
  };
  const request = async (name: string, options: LockOptions, body: Body): Promise<unknown> => {
    await Promise.resolve();
    if (options.steal) {
      holders.get(name)?.steal();
      return await take(name, body);
    }
    if (options.ifAvailable && holders.has(name)) return await body(null);
    while (holders.has(name)) {
      await new Promise<void>((resolve, reject) => {
        waiting.push(resolve);
        options.signal?.addEventListener("abort", () => reject(new DOMException("late", "TimeoutError")));
      });
    }
    return await take(name, body);
  };
  const host: LockHost = {
    locks: { request, query: async () => ({}) } as unknown as LockManager,
    openChannel: (name) => {
      const channel = {
        name,
        onmessage: null as ((event: MessageEvent) => void) | null,
        close: () => void channels.splice(channels.indexOf(channel), 1),
        postMessage: () => {
          for (const other of channels.filter((known) => known !== channel && known.name === name)) {
            queueMicrotask(() => other.onmessage?.({} as MessageEvent));
          }
        },
      };
      channels.push(channel);
      return channel;
    },
  };
  return { host, channels };
}

const ask = (isForced: boolean, onWanted: LockOrder["onWanted"] = async () => undefined): LockOrder => ({
  isForced,
  onWanted,
});
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("lockRun", () => {
  it("refuses a run that another tab holds and gives it once released", async () => {
    const { host, channels } = createBrowser();
    const release = await lockRun("a", ask(false), host);
    await expect(lockRun("a", ask(false), host)).rejects.toMatchObject({ code: "runInUse" });
    await lockRun("b", ask(false), host);
    release();
    await settle();
    await expect(lockRun("a", ask(false), host)).resolves.toBeTypeOf("function");
    expect(channels).toHaveLength(2);
  });

  it("waits, where a run is taken over, until the other tab has saved", async () => {
    const { host } = createBrowser();
    const order: string[] = [];
    await lockRun(
      "a",
      ask(false, async (isStolen) => {
        await settle();
        order.push(isStolen ? "lost" : "saved");
      }),
      host,
    );
    await lockRun("a", ask(true), host);
    order.push("taken");
    expect(order).toEqual(["saved", "taken"]);
    await expect(lockRun("a", ask(false), host)).rejects.toMatchObject({ code: "runInUse" });
  });

  it("steals a run from a tab that does not answer, which hears that it must not save", async () => {
    const { host } = createBrowser();
    const wanted = vi.fn(() => new Promise<void>(() => undefined));
    await lockRun("a", ask(false, wanted), host);
    await lockRun("a", ask(true), host, 10);
    await settle();
    expect(wanted.mock.calls).toEqual([[false], [true]]);
  });

  it("takes a free run at once, forced or not, and asks nobody where there are no locks", async () => {
    const { host } = createBrowser();
    const wanted = vi.fn(async () => undefined);
    const release = await lockRun("a", ask(true, wanted), host);
    release();
    expect(wanted).not.toHaveBeenCalled();
    await expect(lockRun("a", ask(false), { ...host, locks: undefined })).resolves.toBeTypeOf("function");
  });
});
