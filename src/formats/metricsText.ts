/**
 * Metrics as text: CSV for spreadsheets, JSON Lines for programs and for coming back. One row a step; columns are those
 * of `protocol/record.ts` in their order, then what else the steps report, by name. Written line by line, so that a
 * long run need not be written in one go.
 */
import * as z from "zod/mini";
import { EngineError } from "../engine/errors.ts";
import { METRICS } from "../protocol/record.ts";
import { csvLine } from "./csv.ts";
import { parseJson, parseShape, requireVersion } from "./json.ts";

/** The numbers of one step; what it did not measure is absent. */
export interface MetricRow {
  readonly step: number;
  readonly values: Readonly<Record<string, number>>;
}

/** What the first line of a JSON Lines file says. */
export interface MetricsHead {
  readonly modelId: string;
  readonly preset: string;
  readonly seed: number;
}

const FORMAT = { format: "unirl-metrics", version: 1, what: "The first line of this metrics file" } as const;
const headSchema = z.object({ modelId: z.string(), preset: z.string(), seed: z.number() });

/** More lines than this are no run of ours. */
const MAX_ROWS = 1_000_000;

/** Names of all columns but the step. */
export function listColumns(rows: readonly MetricRow[]): string[] {
  const reported = new Set(rows.flatMap(({ values }) => Object.keys(values)));
  const known = Object.keys(METRICS);
  const others = [...reported].filter((name) => !Object.hasOwn(METRICS, name)).sort();
  return [...known, ...others];
}

function unitOf(name: string): string {
  const field: { unit: string } | undefined = Object.hasOwn(METRICS, name)
    ? METRICS[name as keyof typeof METRICS]
    : undefined;
  return field?.unit ?? "";
}

/**
 * Lines of a CSV file: a header such as `step,rewardMean [0–1],…`, then one line a step; what was not measured is empty.
 */
export function* writeCsv(rows: readonly MetricRow[]): Generator<string, void> {
  const columns = listColumns(rows);
  const heads = columns.map((name) => (unitOf(name) ? `${name} [${unitOf(name)}]` : name));
  yield csvLine(["step", ...heads]);
  for (const { step, values } of rows) {
    yield csvLine([step, ...columns.map((name) => values[name] ?? "")]);
  }
}

/** Lines of a JSON Lines file: a head with the run and the units, then `{"step":1,"rewardMean":0.5,…}` a step. */
export function* writeJsonLines(rows: readonly MetricRow[], head: MetricsHead): Generator<string, void> {
  const { format, version } = FORMAT;
  const units = Object.fromEntries(
    listColumns(rows).flatMap((name) => (unitOf(name) ? [[name, unitOf(name)]] : [])),
  );
  yield `${JSON.stringify({ format, version, ...head, units })}\n`;
  for (const { step, values } of rows) yield `${JSON.stringify({ step, ...values })}\n`;
}

export interface ParsedMetrics {
  /** Null where the file has none, as those that `unirl train` writes. */
  readonly head: MetricsHead | null;
  /** Steps ascending; none in the file of a run before its first step. */
  readonly rows: readonly MetricRow[];
}

/**
 * Reads JSON Lines with or without a head. Texts and other things beside the numbers of a line are passed over; a step
 * that comes again, as after a roll-back, replaces itself and all after it.
 * @throws EngineError("fileCorrupt") naming the line, EngineError("fileUnknown" | "fileTooNew" | "fileTooLarge")
 */
export function parseJsonLines(text: string): ParsedMetrics {
  const lines = text.split("\n");
  if (lines.length > MAX_ROWS) {
    throw new EngineError("fileTooLarge", `This metrics file has more than ${MAX_ROWS} lines.`, {
      lines: lines.length,
    });
  }
  let head: MetricsHead | null = null;
  const rows: MetricRow[] = [];
  for (const [at, line] of lines.entries()) {
    if (line.trim() === "") continue;
    const what = `Line ${at + 1} of this metrics file`;
    const json = parseJson(line, what);
    if (at === 0 && isRecord(json) && "format" in json) {
      requireVersion(json, FORMAT);
      head = parseShape(headSchema, json, FORMAT.what);
      continue;
    }
    const row = readRow(json, what);
    while ((rows.at(-1)?.step ?? 0) >= row.step) rows.pop();
    rows.push(row);
  }
  return { head, rows };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readRow(json: unknown, what: string): MetricRow {
  if (!isRecord(json))
    throw new EngineError("fileUnknown", `${what} is not the metrics of a step.`, { what });
  const { step, ...rest } = json;
  if (typeof step !== "number" || !Number.isSafeInteger(step) || step < 1) {
    throw new EngineError("fileUnknown", `${what} does not say which step it is about.`, { what });
  }
  const numbers = Object.entries(rest).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number" && Number.isFinite(entry[1]),
  );
  return { step, values: Object.fromEntries(numbers) };
}
