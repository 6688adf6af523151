/** `manifest.json` beside the recordings: one entry a recording, in the order of their ids. */
import { readFile } from "node:fs/promises";
import { EngineError } from "../../engine/errors.ts";
import {
  type RecordingEntry,
  type RecordingManifest,
  recordingManifestSchema,
} from "../../protocol/recording.ts";
import { writeBytes } from "../node/files.ts";

async function readManifest(path: string): Promise<RecordingManifest> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return { version: 1, runs: [] };
  try {
    return recordingManifestSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new EngineError(
      "fileCorrupt",
      `${path} is no list of recordings. Repair or delete it.`,
      { path },
      { cause },
    );
  }
}

/** Puts an entry in the place of the one with its id. @throws EngineError("fileCorrupt" | "fileUnwritable") */
export async function listRecording(path: string, entry: RecordingEntry): Promise<void> {
  const { runs } = await readManifest(path);
  const others = runs.filter(({ id }) => id !== entry.id);
  const all = [...others, entry].toSorted((a, b) => a.id.localeCompare(b.id));
  const text = `${JSON.stringify({ version: 1, runs: all }, null, 2)}\n`;
  await writeBytes(path, new TextEncoder().encode(text));
}
