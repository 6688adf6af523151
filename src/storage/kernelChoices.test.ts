import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { openDB } from "idb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createDatabase } from "./db.ts";
import { createChoiceStore } from "./kernelChoices.ts";

beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe("kept kernel choices", () => {
  it("are those of this adapter and this browser", async () => {
    const database = createDatabase();
    const store = createChoiceStore(database, "Chrome 150");
    expect(await store.load("gpu")).toEqual({});
    await store.save("gpu", { "product#1": "tiled" });
    expect(await store.load("gpu")).toEqual({ "product#1": "tiled" });
    expect(await store.load("other gpu")).toEqual({});
    expect(await createChoiceStore(database, "Chrome 151").load("gpu")).toEqual({});
  });

  it("find room in a database of the first version, whose runs stay", async () => {
    const old = await openDB("unirl-playground", 1, {
      upgrade(database) {
        database.createObjectStore("heads", { keyPath: "runId" });
        database.createObjectStore("slots", { keyPath: ["runId", "slot"] });
      },
    });
    await old.put("heads", { runId: "nano-1", modelId: "nano", slot: 0 });
    old.close();
    const database = createDatabase();
    const store = createChoiceStore(database, "Chrome 150");
    await store.save("gpu", { a: "b" });
    expect(await store.load("gpu")).toEqual({ a: "b" });
    expect(await (await database.get()).get("heads", "nano-1")).toMatchObject({ modelId: "nano" });
  });

  it("are none where there is no storage, which is no failure", async () => {
    vi.stubGlobal("indexedDB", undefined);
    const store = createChoiceStore(createDatabase("none"), "Chrome 150");
    await store.save("gpu", { a: "b" });
    expect(await store.load("gpu")).toEqual({});
  });
});
