import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { openDB } from "idb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeConfig } from "../engine/config.ts";
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
    expect((await database.get()).objectStoreNames).toHaveLength(5);
  });

  it("reads from the slots what heads of version 2 did not say, and keeps runs whose record is damaged", async () => {
    const old = await openDB("older", 2, {
      upgrade(db) {
        db.createObjectStore("heads", { keyPath: "runId" });
        db.createObjectStore("slots", { keyPath: ["runId", "slot"] });
        db.createObjectStore("kernelChoices", { keyPath: "adapter" });
      },
    });
    const head = {
      modelId: "nano",
      slot: 1,
      generation: 3,
      step: 5,
      savedAtMs: 9,
      rewardMean: 0.5,
      sizeBytes: 7,
    };
    const record = { preset: "sft-e2e", config: makeConfig("sft-e2e", { groupSize: 6 }), createdAtMs: 4 };
    await old.put("heads", { ...head, runId: "good" });
    await old.put("heads", { ...head, runId: "damaged" });
    await old.put("slots", { runId: "good", slot: 1, recordText: JSON.stringify(record) });
    await old.put("slots", { runId: "damaged", slot: 1, recordText: "{" });
    old.close();
    const db = await createDatabase("older").get();
    expect(await db.get("heads", "good")).toEqual({ ...head, ...record, runId: "good", title: null });
    expect(await db.get("heads", "damaged")).toMatchObject({
      ...head,
      runId: "damaged",
      title: null,
      createdAtMs: 0,
    });
  });

  it("lets a newer version through and reports that it cannot open the old one any more", async () => {
    const database = createDatabase("newer");
    await database.get();
    const newer = await openDB("newer", 4);
    expect(newer.version).toBe(4);
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
