/**
 * Checkpoints that survive a crash at any moment: per run two slots and a head record. A save writes the slot that is
 * not in use and flips the head in the same transaction; a load verifies checksums and takes the newest good slot.
 */
import { EngineError } from "../engine/errors.ts";
import { encodeText, joinBytes } from "../formats/bytes.ts";
import { sha256 } from "../formats/sha256.ts";
import { type Database, type HeadRecord, type SlotRecord, withDb } from "./db.ts";
import { assertRoom } from "./quota.ts";
import { type RunRecord, runRecordSchema, type StoredRun } from "./runRecord.ts";

export interface SavedCheckpoint {
  readonly runId: string;
  readonly step: number;
  readonly savedAtMs: number;
  readonly sizeBytes: number;
}

export interface LoadedCheckpoint {
  readonly run: StoredRun;
  /** Set when the newest slot was damaged and an older one was used. */
  readonly damage: EngineError | null;
}

/** The transaction waits until the bytes are on the disk, not only with the operating system. */
const DURABLE = { durability: "strict" } as const;

/**
 * Saves a run.
 * @returns what was saved
 * @throws EngineError("storageFull") when the quota does not suffice; the last checkpoint stays as it was
 * @throws EngineError("storageUnavailable") when the browser refuses storage
 */
export async function saveCheckpoint(database: Database, run: StoredRun): Promise<SavedCheckpoint> {
  const { history, changes: _, ...facts } = run.record;
  const { runId, step, savedAtMs } = facts;
  const recordText = JSON.stringify(describeRun(run));
  const thumbnails = run.filmstrip.map((frame) => frame.image.rgb);
  const sizeBytes =
    run.bytes.byteLength + recordText.length + thumbnails.reduce((sum, rgb) => sum + rgb.byteLength, 0);
  await assertRoom(sizeBytes);
  const checksum = await computeChecksum(recordText, run.bytes);
  return await withDb(database, async (db) => {
    const transaction = db.transaction(["heads", "slots"], "readwrite", DURABLE);
    const heads = transaction.objectStore("heads");
    const before = await heads.get(runId);
    const slot = before?.slot === 0 ? 1 : 0;
    const generation = (before?.generation ?? 0) + 1;
    const rewardMean = history.at(-1)?.rewardMean ?? null;
    await Promise.all([
      transaction
        .objectStore("slots")
        .put({ runId, slot, generation, checksum, recordText, thumbnails, bytes: run.bytes }),
      heads.put({ ...facts, slot, generation, rewardMean, sizeBytes }),
      transaction.done,
    ]);
    return { runId, step, savedAtMs, sizeBytes };
  });
}

/**
 * Loads the newest good checkpoint of a run.
 * @throws EngineError("checkpointCorrupt") when no slot is good, or none is there
 * @throws EngineError("storageUnavailable")
 */
export async function loadCheckpoint(database: Database, runId: string): Promise<LoadedCheckpoint> {
  const slots = await withDb(
    database,
    async (db) => await db.getAll("slots", IDBKeyRange.bound([runId, 0], [runId, 1])),
  );
  slots.sort((a, b) => b.generation - a.generation);
  let damage: EngineError | null = null;
  for (const slot of slots) {
    const run = await readSlot(slot);
    if (run instanceof EngineError) damage ??= run;
    else return { run, damage };
  }
  throw new EngineError(
    "checkpointCorrupt",
    "No good checkpoint of this run is left: what is stored does not match its checksum. Delete the run and start again.",
    { runId, slots: slots.length },
  );
}

/** The runs of a model, newest save first. */
export async function listRuns(database: Database, modelId: string): Promise<HeadRecord[]> {
  const heads = await withDb(database, async (db) => await db.getAll("heads"));
  return heads.filter((head) => head.modelId === modelId).sort((a, b) => b.savedAtMs - a.savedAtMs);
}

/** Deletes a run with both its slots. Deleting what is not there is no error. */
export async function deleteRun(database: Database, runId: string): Promise<void> {
  await withDb(database, async (db) => {
    const transaction = db.transaction(["heads", "slots"], "readwrite", DURABLE);
    await Promise.all([
      transaction.objectStore("heads").delete(runId),
      transaction.objectStore("slots").delete(IDBKeyRange.bound([runId, 0], [runId, 1])),
      transaction.done,
    ]);
  });
}

function describeRun({ record, filmstrip }: StoredRun): RunRecord {
  return {
    version: 1,
    ...record,
    filmstrip: filmstrip.map(({ step, row, prompt, seed, image }) => ({
      step,
      row,
      prompt,
      seed,
      width: image.width,
      height: image.height,
    })),
  };
}

/** The run in a slot, or what is wrong with it. */
async function readSlot(slot: SlotRecord): Promise<StoredRun | EngineError> {
  const corrupt = (reason: string) =>
    new EngineError(
      "checkpointCorrupt",
      `The newest checkpoint of this run is damaged (${reason}), so the one before it is used.`,
      { runId: slot.runId, slot: slot.slot, reason },
    );
  if (!(slot.bytes instanceof Uint8Array) || typeof slot.recordText !== "string") {
    return corrupt("parts are missing");
  }
  if ((await computeChecksum(slot.recordText, slot.bytes)) !== slot.checksum) {
    return corrupt("the checksum does not match");
  }
  const parsed = runRecordSchema.safeParse(JSON.parse(slot.recordText));
  if (!parsed.success) return corrupt("its record is of another version");
  const { version: _version, filmstrip, ...record } = parsed.data;
  const frames = filmstrip.flatMap(({ width, height, ...frame }, index) => {
    const rgb = slot.thumbnails[index];
    return rgb?.length === width * height * 3 ? [{ ...frame, image: { width, height, rgb } }] : [];
  });
  return { record, filmstrip: frames, bytes: slot.bytes };
}

/** SHA-256 as hex over the record's UTF-8 and the checkpoint's bytes. */
async function computeChecksum(recordText: string, bytes: Uint8Array): Promise<string> {
  return await sha256(joinBytes([encodeText(recordText), bytes]));
}
