/**
 * What is stored of a run beside the engine's own checkpoint: enough to show the page as it was. Plain data with a
 * schema, so that a record written by another version or damaged on disk is told apart from a good one.
 */
import * as z from "zod/mini";
import { runConfigSchema } from "../engine/config.ts";

const frame = z.object({
  step: z.int(),
  row: z.int(),
  prompt: z.string(),
  seed: z.string(),
  width: z.int().check(z.positive()),
  height: z.int().check(z.positive()),
});

export const runRecordSchema = z.object({
  version: z.literal(1),
  runId: z.string(),
  modelId: z.string(),
  /** Given when the run was pinned; pinned runs are copies that stay as they are. */
  title: z._default(z.nullable(z.string()), null),
  preset: z.string(),
  /** The configuration now, with all changes applied. */
  config: runConfigSchema,
  step: z.int().check(z.nonnegative()),
  createdAtMs: z.number(),
  savedAtMs: z.number(),
  /** Metrics of every finished step. */
  history: z.array(z.record(z.string(), z.number())),
  changes: z.array(z.object({ step: z.number(), keys: z.array(z.string()) })),
  /** The pixels lie beside the record, in the same order. */
  filmstrip: z.array(frame),
});

export type RunRecord = z.infer<typeof runRecordSchema>;

/** One drawing of a fixed prompt, with its pixels: RGB bytes, row-major. */
export interface FilmFrame {
  readonly step: number;
  readonly row: number;
  readonly prompt: string;
  readonly seed: string;
  readonly image: { readonly width: number; readonly height: number; readonly rgb: Uint8Array };
}

/** A run as it goes to and comes from storage. */
export interface StoredRun {
  readonly record: Omit<RunRecord, "filmstrip" | "version">;
  readonly filmstrip: readonly FilmFrame[];
  /** The engine's checkpoint, opaque here. */
  readonly bytes: Uint8Array;
}
