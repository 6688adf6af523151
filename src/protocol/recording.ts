/**
 * Recorded runs: what a training worker said during a real run, and when. One file a run under `public/runs`, listed
 * in a manifest. Schemas only; the bytes are `formats/recordingFile.ts`.
 */
import * as z from "zod/mini";
import { runConfigSchema } from "../engine/config.ts";
import type { WorkerEvent } from "./events.ts";

/** Raised when a page of before could not read what is written now. */
export const RECORDING_VERSION = 1;

/** An event, and when it happened in milliseconds since the run began. */
export interface TimedEvent {
  readonly atMs: number;
  readonly event: WorkerEvent;
}

const described = {
  /** Name of the run's folder beside the manifest. */
  id: z.string().check(z.regex(/^[\w-]+$/)),
  title: z.string(),
  /** The lesson it shows; null for a run of no lesson. */
  lesson: z.nullable(z.string()),
  modelId: z.string(),
  preset: z.string(),
  config: runConfigSchema,
  /** Finished steps. */
  steps: z.int().check(z.positive()),
  /** The command line that made it. */
  command: z.string(),
};

/** What a recording says of itself before its first event. */
export const recordingHeaderSchema = z.object(described);
export type RecordingHeader = z.infer<typeof recordingHeaderSchema>;

const entrySchema = z.object({
  ...described,
  /** Name of the file in the run's folder. */
  file: z.string().check(z.regex(/^[\w.-]+$/)),
  bytes: z.int().check(z.positive()),
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
});

/** `public/runs/manifest.json`: every recording that ships with the page. */
export const recordingManifestSchema = z.object({ version: z.literal(1), runs: z.array(entrySchema) });
export type RecordingManifest = z.infer<typeof recordingManifestSchema>;
export type RecordingEntry = RecordingManifest["runs"][number];
