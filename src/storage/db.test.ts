import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { openDB } from "idb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createDatabase, toStorageError } from "./db.ts";

beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe("createDatabase", () => {
  it("says so when the browser has no IndexedDB", async () => {
    vi.stubGlobal("indexedDB", undefined);
    await expect(createDatabase("none").get()).rejects.toMatchObject({ code: "storageUnavailable" });
  });

  it("tries again after a failed opening", async () => {
    const database = createDatabase("again");
    const factory = globalThis.indexedDB;
    vi.stubGlobal("indexedDB", undefined);
    await expect(database.get()).rejects.toMatchObject({ code: "storageUnavailable" });
    vi.stubGlobal("indexedDB", factory);
    expect((await database.get()).objectStoreNames).toHaveLength(3);
  });

  it("lets a newer version through and reports that it cannot open the old one any more", async () => {
    const database = createDatabase("newer");
    await database.get();
    const newer = await openDB("newer", 3);
    expect(newer.version).toBe(3);
    await expect(database.get()).rejects.toMatchObject({ code: "storageUnavailable" });
    newer.close();
  });
});

describe("toStorageError", () => {
  it("tells a full disk from a refused one", () => {
    expect(toStorageError(new DOMException("no room", "QuotaExceededError")).code).toBe("storageFull");
    expect(toStorageError(new DOMException("no", "SecurityError")).code).toBe("storageUnavailable");
    expect(toStorageError("odd").code).toBe("storageUnavailable");
  });
});
