/** What lies in a run's zip, and the schema of its `run.json`. */
import * as z from "zod/mini";
import { runConfigSchema } from "../../engine/config.ts";

export const RUN_FORMAT = { format: "unirl-run", version: 1, what: "The run.json in this zip" } as const;

export const NAMES = {
  card: "README.md",
  run: "run.json",
  events: "events.jsonl",
  metricsLines: "metrics.jsonl",
  metricsTable: "metrics.csv",
  adapter: "adapter/adapter_model.safetensors",
  adapterConfig: "adapter/adapter_config.json",
  checkpoint: "checkpoint.safetensors",
} as const;

/** More rows or drawings than this are no filmstrip of ours. */
const MAX_ROWS = 16;
const MAX_DRAWINGS = 512;

/** "filmstrip/row-1/step-00040.png" */
export function thumbnailName(row: number, step: number): string {
  return `filmstrip/row-${row + 1}/step-${String(step).padStart(5, "0")}.png`;
}

export const runFileSchema = z.object({
  /** Version of the program that wrote it. */
  program: z.string(),
  model: z.object({
    id: z.string(),
    /** SHA-256 of its model.safetensors, where known: two models may share a name. */
    sha256: z.nullable(z.string()),
  }),
  preset: z.string(),
  config: runConfigSchema,
  /** Finished steps. */
  step: z.int().check(z.nonnegative()),
  createdAtMs: z.number(),
  savedAtMs: z.number(),
  changes: z.array(z.object({ step: z.number(), keys: z.array(z.string()) })),
  /** Drawings of the fixed prompts; `seed` draws the same image again on the same weights. */
  filmstrip: z
    .array(
      z.object({
        step: z.int().check(z.nonnegative()),
        row: z.int().check(z.nonnegative(), z.lt(MAX_ROWS)),
        prompt: z.string(),
        seed: z.string(),
        file: z.string(),
      }),
    )
    .check(z.maxLength(MAX_DRAWINGS)),
});

export type RunFile = z.infer<typeof runFileSchema>;
