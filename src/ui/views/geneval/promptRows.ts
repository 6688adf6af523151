/** Judged images as rows of prompts: the same seed in the same column, one line a state of the model. Pure. */
import type { JudgedPicture } from "../../stores/evaluationStore.ts";

/** One seed of a prompt. */
export interface Place {
  readonly seed: string;
  /** Place among its prompt's images. */
  readonly number: number;
  /** One a state; null where it is not judged yet. */
  readonly pictures: readonly (JudgedPicture | null)[];
}

export interface PromptRow {
  readonly prompt: string;
  readonly tag: string;
  readonly seen: boolean;
  readonly places: readonly Place[];
}

/** @param states images of each state of the model @returns prompts in the order in which they came */
export function rowsOf(states: readonly (readonly JudgedPicture[])[]): PromptRow[] {
  const rows = new Map<string, JudgedPicture[]>();
  for (const picture of states.flat()) {
    const key = `${picture.tag} ${picture.prompt}`;
    const row = rows.get(key);
    if (row) row.push(picture);
    else rows.set(key, [picture]);
  }
  const bySeed = states.map((images) => new Map(images.map((picture) => [picture.seed, picture])));
  return [...rows.values()].map((pictures) => {
    const first = pictures[0] as JudgedPicture;
    const numbers = new Map(pictures.map(({ seed, number }) => [seed, number]));
    const places = [...numbers].map(([seed, number]): Place => {
      return { seed, number, pictures: bySeed.map((known) => known.get(seed) ?? null) };
    });
    places.sort((one, other) => one.number - other.number);
    return { prompt: first.prompt, tag: first.tag, seen: first.seen, places };
  });
}

/** Wrong images of one state. */
export const countWrong = ({ places }: PromptRow, state: number): number =>
  places.filter(({ pictures }) => pictures[state]?.correct === false).length;

const isAnyWrong = ({ places }: PromptRow): boolean =>
  places.some(({ pictures }) => pictures.some((picture) => picture?.correct === false));

export interface RowFilter {
  /** Null for all tasks. */
  readonly tag: string | null;
  readonly isWrongOnly: boolean;
}

export const filterRows = (rows: readonly PromptRow[], { tag, isWrongOnly }: RowFilter): PromptRow[] =>
  rows.filter((row) => (tag === null || row.tag === tag) && (!isWrongOnly || isAnyWrong(row)));

/** Those with most wrong images of the last state first; of equal ones, those with most of the first state. */
export function sortByFailures(rows: readonly PromptRow[], states: number): PromptRow[] {
  const last = states - 1;
  return [...rows].sort(
    (one, other) =>
      countWrong(other, last) - countWrong(one, last) || countWrong(other, 0) - countWrong(one, 0),
  );
}

export interface CountedReason {
  readonly text: string;
  /** Images of each state that failed for it. */
  readonly counts: readonly number[];
}

/** What the judge found wrong in a row's images, the most frequent first. */
export function reasonsOf({ places }: PromptRow, states: number): CountedReason[] {
  const found = new Map<string, number[]>();
  for (const { pictures } of places) {
    for (const [state, picture] of pictures.entries()) {
      for (const text of picture?.reasons ?? []) {
        const counts = found.get(text) ?? Array.from({ length: states }, () => 0);
        counts[state] = (counts[state] ?? 0) + 1;
        found.set(text, counts);
      }
    }
  }
  const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
  return [...found]
    .map(([text, counts]) => ({ text, counts }))
    .sort((one, other) => total(other.counts) - total(one.counts));
}

/**
 * A state's reward for its own images, and the share that the judge finds right, both as the score is: the mean of the
 * tasks that have images. Null before the first.
 */
export function compareOpinions(
  images: readonly JudgedPicture[],
): { readonly reward: number; readonly correct: number } | null {
  if (images.length === 0) return null;
  const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const tags = [...new Set(images.map(({ tag }) => tag))];
  const mean = (measure: (picture: JudgedPicture) => number) =>
    meanOf(tags.map((tag) => meanOf(images.filter((picture) => picture.tag === tag).map(measure))));
  return { reward: mean(({ reward }) => reward), correct: mean(({ correct }) => Number(correct)) };
}
