/** What is kept of benchmarks: one JSON file an adapter, in which a benchmark measured again replaces what was there. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeBytes } from "../src/cli/node/files.ts";
import { EngineError } from "../src/engine/errors.ts";
import type { Result } from "./measure.ts";
import type { SizeName } from "./sizes.ts";

/** The suite of records that were counted and not timed. */
export const COUNTS = "counts";

export interface BenchRecord {
  readonly suite: string;
  readonly name: string;
  /** Whose work it was, where a model did it. */
  readonly model?: string;
  readonly shape: Readonly<Record<string, number>>;
  /** The key of `shape` that grows. */
  readonly axis?: string;
  /** What `perSecond` counts. */
  readonly finishes?: string;
  readonly sizes: SizeName;
  /** 0: not timed. */
  readonly rounds: number;
  /** Day of the measurement. */
  readonly day: string;
  /** Other programs beside it: the system's load average of a minute, before the first round. */
  readonly load: number;
  /** Of the best f32 product in the same run; 0 where none was timed. */
  readonly peakGflops: number;
  readonly results: readonly Result[];
}

export interface BenchFile {
  readonly adapter: string;
  readonly isSoftware: boolean;
  readonly machine: string;
  readonly records: readonly BenchRecord[];
}

/** An adapter's name as a file's. */
export function slugOf(adapter: string): string {
  return adapter
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}

/** @param out a file, or a folder in which the adapter names the file */
export function recordPath(out: string, adapter: string): string {
  return out.endsWith(".json") ? out : join(out, `${slugOf(adapter)}.json`);
}

const isOfSame = (a: BenchRecord, b: BenchRecord) =>
  a.suite === b.suite && a.name === b.name && a.model === b.model;

/** The record in the place of an older one of its suite, name and model, else at the end. */
export function withRecord(records: readonly BenchRecord[], record: BenchRecord): BenchRecord[] {
  const at = records.findIndex((known) => isOfSame(known, record));
  return at < 0 ? [...records, record] : records.with(at, record);
}

/** @throws EngineError("fileCorrupt") when it is no such file */
export function readRecords(path: string): BenchFile {
  try {
    const file = JSON.parse(readFileSync(path, "utf8")) as BenchFile;
    if (typeof file.adapter === "string" && Array.isArray(file.records)) return file;
  } catch (cause) {
    throw corrupt(path, cause);
  }
  throw corrupt(path, null);
}

function corrupt(path: string, cause: unknown): EngineError {
  return new EngineError(
    "fileCorrupt",
    `${path} holds no benchmarks. Delete it, or name another file.`,
    { path },
    { cause },
  );
}

/** @throws EngineError("badInput") when the file is of another adapter */
function knownRecords(path: string, adapter: string): readonly BenchRecord[] {
  if (!existsSync(path)) return [];
  const known = readRecords(path);
  if (known.adapter === adapter) return known.records;
  throw new EngineError(
    "badInput",
    `${path} holds figures of ${known.adapter}; name another file for those of ${adapter}, or a folder.`,
    { path },
  );
}

/**
 * Opens a file for an adapter's results; other processes may add to it too.
 * @param out as `recordPath` takes it
 * @returns adds a record and writes the file
 * @throws EngineError("fileUnwritable" | "fileCorrupt" | "badInput") before anything is measured
 */
export async function openRecords(
  out: string,
  header: Omit<BenchFile, "records">,
): Promise<(record: BenchRecord) => Promise<void>> {
  const path = recordPath(out, header.adapter);
  const write = (records: readonly BenchRecord[]) => {
    const file: BenchFile = { ...header, records };
    return writeBytes(path, new TextEncoder().encode(`${JSON.stringify(file, null, 1)}\n`));
  };
  await write(knownRecords(path, header.adapter));
  return (record) => write(withRecord(knownRecords(path, header.adapter), record));
}
