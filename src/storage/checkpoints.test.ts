import "fake-indexeddb/auto";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { makeConfig } from "../engine/config.ts";
import { deleteRun, listRuns, loadCheckpoint, saveCheckpoint } from "./checkpoints.ts";
import { createDatabase, type Database } from "./db.ts";
import type { StoredRun } from "./runRecord.ts";

let database: Database;
let count = 0;

beforeEach(() => {
  count += 1;
  database = createDatabase(`checkpoints-${count}`);
});

function makeRun(step: number, change: Partial<StoredRun["record"]> = {}): StoredRun {
  return {
    record: {
      runId: "r1",
      modelId: "nano",
      title: null,
      preset: "robust",
      config: makeConfig("robust", { seed: 7 }),
      step,
      createdAtMs: 1000,
      savedAtMs: 2000 + step,
      history: Array.from({ length: step }, (_, index) => ({ rewardMean: 0.5 + index / 100 })),
      changes: [{ step: 1, keys: ["learningRate"] }],
      ...change,
    },
    filmstrip: [
      {
        step: 0,
        row: 0,
        prompt: "a red apple",
        seed: "s",
        image: { width: 1, height: 2, rgb: new Uint8Array([1, 2, 3, 4, 5, step]) },
      },
    ],
    bytes: new Uint8Array([step, 2, 3]),
  };
}

async function damageSlot(slot: 0 | 1): Promise<void> {
  const db = await database.get();
  const record = await db.get("slots", ["r1", slot]);
  if (!record) throw new Error("no such slot");
  const bytes = record.bytes.slice();
  bytes[0] = (bytes[0] ?? 0) ^ 0xff;
  await db.put("slots", { ...record, bytes });
}

describe("checkpoints", () => {
  it("gives back exactly what was saved", async () => {
    const run = makeRun(3);
    const saved = await saveCheckpoint(database, run);
    expect(saved).toMatchObject({ runId: "r1", step: 3, savedAtMs: 2003 });
    expect(saved.sizeBytes).toBeGreaterThan(9);
    expect(await loadCheckpoint(database, "r1")).toEqual({ run, damage: null });
  });

  it("alternates between two slots and loads the newest", async () => {
    for (const step of [1, 2, 3, 4]) await saveCheckpoint(database, makeRun(step));
    const db = await database.get();
    expect(await db.count("slots")).toBe(2);
    expect((await db.get("heads", "r1"))?.generation).toBe(4);
    expect((await loadCheckpoint(database, "r1")).run.record.step).toBe(4);
  });

  it("falls back to the older slot when the newest is damaged, and says so", async () => {
    await saveCheckpoint(database, makeRun(1));
    await saveCheckpoint(database, makeRun(2));
    await damageSlot(1);
    const { run, damage } = await loadCheckpoint(database, "r1");
    expect(run.record.step).toBe(1);
    expect(damage).toMatchObject({ code: "checkpointCorrupt", data: { slot: 1 } });
  });

  it("writes over the damaged slot after a fallback only once the head has moved on", async () => {
    await saveCheckpoint(database, makeRun(1));
    await saveCheckpoint(database, makeRun(2));
    await damageSlot(1);
    await saveCheckpoint(database, makeRun(3));
    expect(await loadCheckpoint(database, "r1")).toMatchObject({
      run: { record: { step: 3 } },
      damage: null,
    });
  });

  it("refuses when both slots are damaged", async () => {
    await saveCheckpoint(database, makeRun(1));
    await saveCheckpoint(database, makeRun(2));
    await damageSlot(0);
    await damageSlot(1);
    await expect(loadCheckpoint(database, "r1")).rejects.toMatchObject({ code: "checkpointCorrupt" });
  });

  it("refuses a changed record as well as changed bytes", async () => {
    await saveCheckpoint(database, makeRun(1));
    const db = await database.get();
    const slot = await db.get("slots", ["r1", 0]);
    if (!slot) throw new Error("no slot");
    await db.put("slots", { ...slot, recordText: slot.recordText.replace('"step":1', '"step":9') });
    await expect(loadCheckpoint(database, "r1")).rejects.toMatchObject({ code: "checkpointCorrupt" });
  });

  it("lists a model's runs newest first and deletes both slots", async () => {
    await saveCheckpoint(database, makeRun(1));
    await saveCheckpoint(database, makeRun(2));
    await saveCheckpoint(database, makeRun(1, { runId: "r2", savedAtMs: 9000 }));
    await saveCheckpoint(database, makeRun(1, { runId: "r3", modelId: "showo-tiny" }));
    expect((await listRuns(database, "nano")).map((head) => head.runId)).toEqual(["r2", "r1"]);
    await deleteRun(database, "r1");
    expect((await listRuns(database, "nano")).map((head) => head.runId)).toEqual(["r2"]);
    const db = await database.get();
    expect(await db.count("slots")).toBe(2);
  });

  it("reports a full disk before writing and keeps the last checkpoint", async () => {
    await saveCheckpoint(database, makeRun(1));
    vi.stubGlobal("navigator", { storage: { estimate: async () => ({ usage: 99, quota: 100 }) } });
    try {
      await expect(saveCheckpoint(database, makeRun(2))).rejects.toMatchObject({
        code: "storageFull",
        data: { usedBytes: 99, quotaBytes: 100 },
      });
    } finally {
      vi.unstubAllGlobals();
    }
    expect((await loadCheckpoint(database, "r1")).run.record.step).toBe(1);
  });
});
