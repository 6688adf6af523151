/**
 * Judged images as text: CSV of one or more states of the model for spreadsheets, and the worker's own lines of one
 * state, in the layout of `unirl eval --out`.
 */
import type { WireJudgedImage } from "../protocol/events.ts";
import { csvLine } from "./csv.ts";

export type JudgedRow = Omit<WireJudgedImage, "image">;

/** The images of one state. */
export interface JudgedState {
  readonly name: string;
  /** Finished steps. */
  readonly step: number;
  readonly images: readonly JudgedRow[];
}

const COLUMNS = [
  "state",
  "step",
  "task",
  "prompt",
  "number",
  "seed",
  "seen",
  "correct",
  "reasons",
  "answer",
  "reward [0–1]",
] as const;

/** Lines of a CSV file: a header, then one line an image. */
export function* writeJudgedCsv(states: readonly JudgedState[]): Generator<string, void> {
  yield csvLine(COLUMNS);
  for (const { name, step, images } of states) {
    for (const { tag, prompt, number, seed, seen, correct, reasons, answer, reward } of images) {
      yield csvLine([
        name,
        step,
        tag,
        prompt,
        number,
        seed,
        seen,
        correct,
        reasons.join("; "),
        answer,
        reward,
      ]);
    }
  }
}

const endLine = (line: string): string => (line.endsWith("\n") ? line : `${line}\n`);

/** Lines of a file of judged images. @param header its first line, as the worker gives it */
export function* writeJudgedLines(header: string, images: readonly JudgedRow[]): Generator<string, void> {
  yield endLine(header);
  for (const { line } of images) yield endLine(line);
}
