/** The settings behind a picture, as JSON inside its PNG: enough to start the same run again. */
import * as z from "zod/mini";
import { type RunConfig, runConfigSchema } from "../engine/config.ts";
import { parseJson, parseShape, requireVersion } from "./json.ts";

/** Keyword of the PNG's text chunk. */
export const PNG_KEYWORD = "unirl";

const FORMAT = { format: "unirl-config", version: 1, what: "The settings in this picture" } as const;

const schema = z.object({
  modelId: z.string(),
  preset: z.string(),
  config: runConfigSchema,
  /** The run's seed, also in `config`; here for whoever reads the JSON by eye. */
  seed: z.int(),
  /** Finished steps when the picture was taken. */
  step: z.int().check(z.nonnegative()),
  /** Version of the program that wrote it. */
  program: z.string(),
  /** Address of the page then. */
  link: z.string(),
});

export interface SharedConfig extends z.infer<typeof schema> {
  readonly config: RunConfig;
}

export function writeSharedConfig(shared: SharedConfig): string {
  const { format, version } = FORMAT;
  return JSON.stringify({ format, version, ...shared });
}

/**
 * Fields that a file of an earlier version lacks take today's defaults.
 * @throws EngineError("fileCorrupt" | "fileUnknown" | "fileTooNew")
 */
export function parseSharedConfig(text: string): SharedConfig {
  const json = parseJson(text, FORMAT.what);
  requireVersion(json, FORMAT);
  const shared = parseShape(schema, json, FORMAT.what);
  // The configuration decides: two seeds that differ would be two truths.
  return { ...shared, seed: shared.config.seed };
}
