/**
 * Low-rank terms of a linear layer that may be several layers side by side: which output columns each changes, and how the
 * shaders find them. Their A lie one under the other, [P·r, in], and so do their B, [Σ columns, r].
 */
import { EngineError } from "../../errors.ts";

/** Neighbouring columns of a matrix. */
export interface Span {
  readonly start: number;
  readonly count: number;
}

/** A program binds eight buffers; the gradients of six terms leave room for what they are made of. */
const MAX_TERMS = 6;

/** @throws EngineError("badInput") for columns that are not there, or that two terms share */
export function checkSpans(spans: readonly Span[], outSize: number): void {
  let end = 0;
  for (const { start, count } of spans) {
    if (start < end || count < 1 || start + count > outSize) {
      throw new EngineError(
        "badInput",
        `An adapter changes ${count} columns from ${start} on, of ${outSize}, ${end} of them taken. Give adapters in the order of their columns.`,
      );
    }
    end = start + count;
  }
  if (spans.length > MAX_TERMS) {
    throw new EngineError("badInput", `A layer takes ${MAX_TERMS} adapters, not ${spans.length}.`);
  }
}

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

/** Fields of `termValues`. */
export function termUniforms(terms: number): Record<string, "u32"> {
  return Object.fromEntries(
    numbers(terms).flatMap((at) =>
      [`start${at}`, `end${at}`, `row${at}`].map((name) => [name, "u32" as const]),
    ),
  );
}

/** For each term its first column, the one behind its last, and its first row of B. */
export function termValues(spans: readonly Span[]): Record<string, number> {
  let row = 0;
  const values: Record<string, number> = {};
  for (const [at, { start, count }] of spans.entries()) {
    Object.assign(values, { [`start${at}`]: start, [`end${at}`]: start + count, [`row${at}`]: row });
    row += count;
  }
  return values;
}

/** WGSL: `termOf(at)`, the values above of one term. */
export function termReader(terms: number): string {
  const value = (at: number) => `Term(params.start${at}, params.end${at}, params.row${at})`;
  return `
struct Term { start: u32, end: u32, row: u32 }
fn termOf(at: u32) -> Term {
  ${numbers(terms - 1)
    .map((at) => `if (at == ${at}u) { return ${value(at)}; }`)
    .join(" ")}
  return ${value(terms - 1)};
}`;
}
