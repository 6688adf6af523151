/** JSON from outside: parsed, versioned and checked, or refused with the reason. */
import type * as z from "zod/mini";
import { EngineError } from "../engine/errors.ts";

/** @throws EngineError("fileCorrupt") @param what the text's name in the sentence for a person */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EngineError(
      "fileCorrupt",
      `${what} cannot be read: it is not JSON. Take it from where it came, without editing it.`,
      { what },
      { cause },
    );
  }
}

export interface Versioned {
  /** Name of the format, written in the file. */
  readonly format: string;
  /** The newest version that is read. */
  readonly version: number;
  /** What a person calls it. */
  readonly what: string;
}

/**
 * Looks at the two fields that every JSON of ours begins with, before anything else in it is believed.
 * @throws EngineError("fileUnknown") for another format, EngineError("fileTooNew") for a later version
 */
export function requireVersion(json: unknown, { format, version, what }: Versioned): void {
  const head = typeof json === "object" && json !== null ? (json as Record<string, unknown>) : {};
  if (head.format !== format) {
    throw new EngineError("fileUnknown", `${what} is not of this page's making.`, { what });
  }
  if (typeof head.version !== "number" || !Number.isInteger(head.version) || head.version < 1) {
    throw new EngineError("fileCorrupt", `${what} does not say its version.`, { what });
  }
  if (head.version > version) {
    throw new EngineError(
      "fileTooNew",
      `${what} has version ${head.version}; this page reads up to version ${version}. Reload for a newer page.`,
      { what, version: head.version },
    );
  }
}

/**
 * The value as its schema has it.
 * @throws EngineError("fileTooNew") for settings this version does not know, EngineError("fileCorrupt") for the rest
 */
export function parseShape<T>(schema: z.ZodMiniType<T>, json: unknown, what: string): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.join(".") || "its content";
  if (issue?.code === "unrecognized_keys") {
    throw new EngineError(
      "fileTooNew",
      `${what} has settings that this page does not know (${issue.keys.join(", ")}). Reload for a newer page.`,
      { what, keys: issue.keys.join(" ") },
    );
  }
  throw new EngineError("fileCorrupt", `${what} cannot be used: ${path} is not right (${issue?.message}).`, {
    what,
    path,
  });
}
