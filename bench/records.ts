/** What is kept of benchmarks: one JSON file an adapter, in which a benchmark measured again replaces what was there. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeBytes } from "../src/cli/node/files.ts";
import type { Result } from "./measure.ts";
import type { SizeName } from "./sizes.ts";

export interface BenchRecord {
  readonly suite: string;
  readonly name: string;
  readonly shape: Readonly<Record<string, number>>;
  /** The key of `shape` that grows. */
  readonly axis?: string;
  /** What `perSecond` counts. */
  readonly finishes?: string;
  readonly sizes: SizeName;
  readonly rounds: number;
  /** Day of the measurement. */
  readonly day: string;
  /** Other programs beside it: the system's load average of a minute, before the first round. */
  readonly load: number;
  /** Of the best f32 product in the same run; 0 where none was measured. */
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

/** The record in the place of an older one of its suite and name, else at the end. */
export function withRecord(records: readonly BenchRecord[], record: BenchRecord): BenchRecord[] {
  const at = records.findIndex(({ suite, name }) => suite === record.suite && name === record.name);
  return at < 0 ? [...records, record] : records.with(at, record);
}

/** @throws SyntaxError when it is no JSON */
export function readRecords(path: string): BenchFile {
  return JSON.parse(readFileSync(path, "utf8")) as BenchFile;
}

/** Adds a record to a file. @throws EngineError("fileUnwritable"); Error when the file is of another adapter */
export async function keepRecord(
  path: string,
  header: Omit<BenchFile, "records">,
  record: BenchRecord,
): Promise<void> {
  const known = existsSync(path) ? readRecords(path) : null;
  if (known && known.adapter !== header.adapter) {
    throw new Error(
      `${path} holds figures of ${known.adapter}; those of ${header.adapter} need another file.`,
    );
  }
  const file: BenchFile = { ...header, records: withRecord(known?.records ?? [], record) };
  await writeBytes(path, new TextEncoder().encode(`${JSON.stringify(file, null, 1)}\n`));
}
