/** Reads files of one JSON object per line, with errors that name file, line and what to do. */
import type { z } from "zod";
import { EngineError } from "../../errors.ts";

/** One line's value and its number, from 1. */
export interface JsonLine<T> {
  readonly line: number;
  readonly value: T;
}

/** A file's text and how messages call it. */
export interface TextFile {
  readonly name: string;
  readonly text: string;
}

/** The error of one line. @param problem what is wrong and how to go on: a sentence without its capital */
export function lineError(file: string, line: number, problem: string): EngineError {
  return new EngineError("badInput", `${file}, line ${line}: ${problem}`, { file, line });
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
}

function writePath(path: readonly PropertyKey[]): string {
  return path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
}

const LONGEST_VALUE = 60;

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

/** @param messages of the schema's parts continue "it must be" */
function describeIssue(value: unknown, { path, message }: { path: PropertyKey[]; message: string }): string {
  const name = path.length > 0 ? `"${writePath(path).replace(/^\./, "")}"` : "the line";
  const found = valueAt(value, path);
  if (found === undefined) return `${name} is missing; it must be ${message}`;
  return `${name} is ${shorten(found)}; it must be ${message}`;
}

/**
 * Parses every line that is not blank.
 * @param schema whose error messages continue "it must be"
 * @throws EngineError("badInput") at the first line that is no JSON or not of the schema, or when there is none
 */
export function parseJsonLines<T>({ name, text }: TextFile, schema: z.ZodType<T>): JsonLine<T>[] {
  const parsed: JsonLine<T>[] = [];
  text.split("\n").forEach((source, index) => {
    if (source.trim() === "") return;
    const line = index + 1;
    let json: unknown;
    try {
      json = JSON.parse(source);
    } catch {
      throw lineError(name, line, "this is no JSON. Write one whole JSON object per line.");
    }
    const { success, data, error } = schema.safeParse(json);
    if (success) {
      parsed.push({ line, value: data });
      return;
    }
    const [issue] = error.issues;
    throw lineError(name, line, `${issue ? describeIssue(json, issue) : "it does not fit"}.`);
  });
  if (parsed.length > 0) return parsed;
  throw new EngineError("badInput", `${name} is empty. Write one JSON object per line.`, { file: name });
}
