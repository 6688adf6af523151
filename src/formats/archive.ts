/**
 * Several files as one zip, with a list of their SHA-256 sums that `sha256sum -c SHA256SUMS` understands. What is read
 * is exactly what was written, or refused. Nothing larger than a limit is unpacked.
 */
import { unzipSync, type Zippable, zipSync } from "fflate";
import { EngineError } from "../engine/errors.ts";
import { decodeText, encodeText } from "./bytes.ts";
import { sha256 } from "./sha256.ts";

export const SUMS_FILE = "SHA256SUMS";
/** The most that a file may hold, packed or not: a run of a small model has a few MB. */
export const MAX_FILE_BYTES = 512_000_000;
const MAX_FILES = 10_000;
/** Compressed by a factor of four or so; the rest is dense already. */
const TEXTS = /\.(md|json|jsonl|csv)$/;

/** Files by name; folders are part of the name, divided by "/". */
export type Files = ReadonlyMap<string, Uint8Array>;

function damaged(reason: string, cause?: unknown): EngineError {
  return new EngineError(
    "fileCorrupt",
    `This zip is damaged: ${reason}. Save or download it again.`,
    { reason },
    { cause },
  );
}

/** Packs files in their order; the list of sums comes last. @param savedAtMs the date all files get */
export async function packArchive(files: Files, savedAtMs: number): Promise<Uint8Array<ArrayBuffer>> {
  const sums: string[] = [];
  const zippable: Zippable = {};
  for (const [name, bytes] of files) {
    sums.push(`${await sha256(bytes)}  ${name}\n`);
    zippable[name] = [bytes, { level: TEXTS.test(name) ? 6 : 0, mtime: savedAtMs }];
  }
  zippable[SUMS_FILE] = [encodeText(sums.join("")), { mtime: savedAtMs }];
  return zipSync(zippable);
}

function parseSums(text: string): Map<string, string> {
  const sums = new Map<string, string>();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const [, sum, name] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
    if (sum === undefined || name === undefined) throw damaged(`its ${SUMS_FILE} is not a list of sums`);
    sums.set(name, sum);
  }
  return sums;
}

/** Unpacks what fits the limits. Sizes come from the zip's own list, before a byte is unpacked. */
function unpack(zip: Uint8Array): Record<string, Uint8Array> {
  let count = 0;
  let total = zip.length;
  const filter = ({ originalSize }: { originalSize: number }) => {
    count += 1;
    total += originalSize;
    if (total > MAX_FILE_BYTES || count > MAX_FILES) {
      throw new EngineError(
        "fileTooLarge",
        `This zip holds more than ${MAX_FILE_BYTES / 1e6} MB or ${MAX_FILES} files, so it was not unpacked.`,
        { limitBytes: MAX_FILE_BYTES, limitFiles: MAX_FILES },
      );
    }
    return true;
  };
  try {
    return unzipSync(zip, { filter });
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw damaged(error instanceof Error ? error.message : String(error), error);
  }
}

/**
 * Unpacks an archive and verifies every file of its list; others, as some systems add them, are left out.
 * @throws EngineError("fileCorrupt") for anything that is not as it was packed, EngineError("fileTooLarge"),
 *   EngineError("fileUnknown") for a zip without a list of sums
 */
export async function unpackArchive(zip: Uint8Array): Promise<Files> {
  const unpacked = new Map(Object.entries(unpack(zip)));
  const list = unpacked.get(SUMS_FILE);
  if (!list) {
    throw new EngineError("fileUnknown", `This zip is not a run of this page: it has no ${SUMS_FILE}.`);
  }
  const text = decodeText(list);
  if (text === null) throw damaged(`its ${SUMS_FILE} is not text`);
  const sums = parseSums(text);
  const files = new Map<string, Uint8Array>();
  for (const [name, sum] of sums) {
    const bytes = unpacked.get(name);
    if (!bytes) throw damaged(`${name} is missing`);
    if ((await sha256(bytes)) !== sum) throw damaged(`${name} is not as it was saved`);
    files.set(name, bytes);
  }
  return files;
}
