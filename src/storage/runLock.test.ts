import { describe, expect, it } from "vitest";
import { lockRun } from "./runLock.ts";

/** The part of LockManager that is used: one holder per name, `ifAvailable` only. */
function createLocks(): LockManager {
  const held = new Set<string>();
  return {
    query: async () => ({ held: [], pending: [] }),
    request: async (name: string, _options: unknown, body: (lock: unknown) => Promise<unknown>) => {
      if (held.has(name)) return await body(null);
      held.add(name);
      try {
        return await body({ name, mode: "exclusive" });
      } finally {
        held.delete(name);
      }
    },
  } as unknown as LockManager;
}

describe("lockRun", () => {
  it("refuses a run that another tab holds and gives it once released", async () => {
    const locks = createLocks();
    const release = await lockRun("a", locks);
    await expect(lockRun("a", locks)).rejects.toMatchObject({ code: "runInUse" });
    await lockRun("b", locks);
    release();
    await new Promise((resolve) => setTimeout(resolve, 0));
    await expect(lockRun("a", locks)).resolves.toBeTypeOf("function");
  });
});
