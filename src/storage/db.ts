/**
 * The IndexedDB database of the app: schema, upgrades, and what happens when another tab holds an older version or
 * the browser closes the connection. What is stored and when lives in `checkpoints.ts`.
 */
import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB, type StoreNames } from "idb";
import { makeConfig, type RunConfig } from "../engine/config.ts";
import { EngineError } from "../engine/errors.ts";

const NAME = "unirl-playground";
/** Raise it together with a new branch in `upgrade`. */
const VERSION = 3;
/** How long another tab may keep an older version open before we say so. */
const BLOCKED_MS = 4000;

/** One run: which slot holds its newest checkpoint, and what a list of runs shows. */
export interface HeadRecord {
  readonly runId: string;
  readonly modelId: string;
  /** Given when it was pinned. */
  readonly title: string | null;
  readonly preset: string;
  readonly config: RunConfig;
  readonly createdAtMs: number;
  readonly slot: 0 | 1;
  /** Counts saves, so that the newer of two slots is known even when this record is lost. */
  readonly generation: number;
  readonly step: number;
  readonly savedAtMs: number;
  readonly rewardMean: number | null;
  readonly sizeBytes: number;
}

/** One checkpoint. `checksum` is the SHA-256 of `recordText` followed by `bytes`. */
export interface SlotRecord {
  readonly runId: string;
  readonly slot: 0 | 1;
  readonly generation: number;
  readonly checksum: string;
  /** The run's record without pixels, as JSON. */
  readonly recordText: string;
  /** Pixels of the filmstrip, in the order the record lists them. */
  readonly thumbnails: readonly Uint8Array[];
  /** The engine's checkpoint: adapter, optimizer, counters. */
  readonly bytes: Uint8Array;
}

/** Which kernels were found fastest on an adapter by a browser. */
export interface ChoicesRecord {
  readonly adapter: string;
  readonly browser: string;
  readonly answers: Readonly<Record<string, string>>;
}

/** Verdicts on the images of one state of a model; `key` names what decides them. */
export interface EvaluationRecord {
  readonly key: string;
  readonly savedAtMs: number;
}

/** One image's line of a file of judged images. */
export interface JudgementRecord {
  readonly evaluation: string;
  /** Names the image within its evaluation. */
  readonly seed: string;
  readonly line: string;
}

export interface UnirlSchema extends DBSchema {
  heads: { key: string; value: HeadRecord };
  slots: { key: [string, number]; value: SlotRecord };
  kernelChoices: { key: string; value: ChoicesRecord };
  evaluations: { key: string; value: EvaluationRecord };
  judgements: { key: [string, string]; value: JudgementRecord };
}

export type UnirlDb = IDBPDatabase<UnirlSchema>;

/**
 * A connection that opens on first use and again after the browser or a newer tab closed it.
 * @throws EngineError("storageUnavailable") from `get` when the browser has or allows no IndexedDB
 */
export interface Database {
  get(): Promise<UnirlDb>;
  close(): void;
}

export function createDatabase(name: string = NAME): Database {
  let opening: Promise<UnirlDb> | null = null;
  const forget = () => {
    opening = null;
  };
  return {
    get() {
      opening ??= openWithin(name, forget).catch((error: unknown) => {
        forget();
        throw error;
      });
      return opening;
    },
    close() {
      opening?.then((db) => db.close()).catch(() => undefined);
      forget();
    },
  };
}

/** Up to version 2 a head said nothing of its run's settings: they are read from its slot, once. */
async function completeHeads(
  transaction: IDBPTransaction<UnirlSchema, StoreNames<UnirlSchema>[], "versionchange">,
): Promise<void> {
  const heads = transaction.objectStore("heads");
  for (const head of await heads.getAll()) {
    const slot = await transaction.objectStore("slots").get([head.runId, head.slot]);
    await heads.put({ ...head, title: null, ...readSettings(slot?.recordText ?? "") });
  }
}

/** A record that cannot be read cannot be opened either, whatever its head says: the list must still show it. */
function readSettings(recordText: string): Pick<HeadRecord, "preset" | "config" | "createdAtMs"> {
  try {
    const { preset, config, createdAtMs } = JSON.parse(recordText) as HeadRecord;
    return { preset, config: makeConfig("robust", config), createdAtMs };
  } catch {
    return { preset: "robust", config: makeConfig(), createdAtMs: 0 };
  }
}

/** @throws EngineError("storageFull" | "storageUnavailable") whatever `body` throws, in our terms */
export async function withDb<T>(database: Database, body: (db: UnirlDb) => Promise<T>): Promise<T> {
  try {
    return await body(await database.get());
  } catch (error) {
    throw toStorageError(error);
  }
}

async function openWithin(name: string, forget: () => void): Promise<UnirlDb> {
  if (typeof indexedDB === "undefined") {
    throw new EngineError(
      "storageUnavailable",
      "This browser offers no storage to the page, so training goes on without saving.",
    );
  }
  let giveUp: ReturnType<typeof setTimeout> | undefined;
  let refuse: (reason: EngineError) => void = () => undefined;
  const blockedTooLong = new Promise<never>((_resolve, reject) => {
    refuse = reject;
  });
  const db = openDB<UnirlSchema>(name, VERSION, {
    upgrade(database, oldVersion, _newVersion, transaction) {
      if (oldVersion < 1) {
        database.createObjectStore("heads", { keyPath: "runId" });
        database.createObjectStore("slots", { keyPath: ["runId", "slot"] });
      }
      if (oldVersion < 2) database.createObjectStore("kernelChoices", { keyPath: "adapter" });
      if (oldVersion < 3) {
        database.createObjectStore("evaluations", { keyPath: "key" });
        database.createObjectStore("judgements", { keyPath: ["evaluation", "seed"] });
        completeHeads(transaction).catch(() => transaction.abort());
      }
    },
    blocked(currentVersion) {
      giveUp = setTimeout(() => refuse(blockedError(currentVersion)), BLOCKED_MS);
    },
    // A newer tab waits for us: let go, the next use opens again (or reports why it cannot).
    blocking(_currentVersion, _blockedVersion, event) {
      forget();
      (event.target as IDBDatabase).close();
    },
    terminated: forget,
  });
  try {
    return await Promise.race([db, blockedTooLong]);
  } catch (error) {
    throw toStorageError(error);
  } finally {
    clearTimeout(giveUp);
  }
}

function blockedError(currentVersion: number): EngineError {
  return new EngineError(
    "storageUnavailable",
    "Another tab keeps an older version of the stored runs open. Close the other tabs of this page and reload.",
    { currentVersion },
  );
}

/** What IndexedDB throws, in our terms. Quota is told apart because it has another way out. */
export function toStorageError(thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown;
  const name = thrown instanceof Error ? thrown.name : "";
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  if (name === "QuotaExceededError") {
    return new EngineError(
      "storageFull",
      "The browser's storage for this page is full. Delete stored runs; training goes on unsaved until then.",
      { reason },
      { cause: thrown },
    );
  }
  return new EngineError(
    "storageUnavailable",
    `The browser refused its storage (${name || "unknown error"}): ${reason}. Training goes on without saving; a private window or blocked site data is the usual cause.`,
    { reason },
    { cause: thrown },
  );
}
