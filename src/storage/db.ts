/**
 * The IndexedDB database of the app: schema, upgrades, and what happens when another tab holds an older version or
 * the browser closes the connection. What is stored and when lives in `checkpoints.ts`.
 */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { EngineError } from "../engine/errors.ts";

const NAME = "unirl-playground";
/** Raise it together with a new branch in `upgrade`. */
const VERSION = 2;
/** How long another tab may keep an older version open before we say so. */
const BLOCKED_MS = 4000;

/** One run: which slot holds its newest checkpoint, and what a list of runs shows. */
export interface HeadRecord {
  readonly runId: string;
  readonly modelId: string;
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

export interface UnirlSchema extends DBSchema {
  heads: { key: string; value: HeadRecord };
  slots: { key: [string, number]; value: SlotRecord };
  kernelChoices: { key: string; value: ChoicesRecord };
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
    upgrade(database, oldVersion) {
      if (oldVersion < 1) {
        database.createObjectStore("heads", { keyPath: "runId" });
        database.createObjectStore("slots", { keyPath: ["runId", "slot"] });
      }
      if (oldVersion < 2) database.createObjectStore("kernelChoices", { keyPath: "adapter" });
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
