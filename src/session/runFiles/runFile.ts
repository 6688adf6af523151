/** What lies in a run's zip, and the schema of its `run.json`. */
import { z } from "zod";
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
    sha256: z.string().nullable(),
  }),
  preset: z.string(),
  config: runConfigSchema,
  /** Finished steps. */
  step: z.number().int().nonnegative(),
  createdAtMs: z.number().finite(),
  savedAtMs: z.number().finite(),
  changes: z.array(z.object({ step: z.number(), keys: z.array(z.string()) })),
  /** Drawings of the fixed prompts; `seed` draws the same image again on the same weights. */
  filmstrip: z
    .array(
      z.object({
        step: z.number().int().nonnegative(),
        row: z.number().int().nonnegative().lt(MAX_ROWS),
        prompt: z.string(),
        seed: z.string(),
        file: z.string(),
      }),
    )
    .max(MAX_DRAWINGS),
});

export type RunFile = z.infer<typeof runFileSchema>;
