/** Which group and which of its images tell the story. Pure. */
import type { FilmstripRow, Frame, GalleryView, GroupView, StepView } from "../../stores/galleryStore.ts";

/** A group that was asked and rewarded. */
export interface Example {
  readonly step: number;
  readonly prompt: string;
  readonly question: string;
  readonly images: GroupView["drawn"]["images"];
  readonly answers: readonly string[];
  readonly rewards: readonly number[];
  /** Empty where they are not compared yet. */
  readonly advantages: readonly number[];
}

const spread = (rewards: readonly number[]): number => Math.max(...rewards) - Math.min(...rewards);

function examplesOf(step: StepView | null): Example[] {
  return (step?.groups ?? []).flatMap((group) => {
    if (!step || !group?.judged || !group.scored) return [];
    const { prompt, question, images } = group.drawn;
    const { answers, rewards } = group.judged;
    return [
      { step: step.step, prompt, question, images, answers, rewards, advantages: group.scored.advantages },
    ];
  });
}

/** The group whose images differ most, of the step at work or else of the last finished one. */
export function pickExample({
  current,
  finished,
}: Pick<GalleryView, "current" | "finished">): Example | null {
  const fresh = examplesOf(current);
  const examples = fresh.length > 0 ? fresh : examplesOf(finished);
  // Sorting keeps the order of equals, so that a redraw picks the same one.
  return examples.toSorted((one, other) => spread(other.rewards) - spread(one.rewards))[0] ?? null;
}

/** The first of the best images and the first of the worst ones; only one where all are alike. */
export function bestAndWorst(rewards: readonly number[]): readonly number[] {
  const best = rewards.indexOf(Math.max(...rewards));
  const worst = rewards.indexOf(Math.min(...rewards));
  if (best < 0) return [];
  return best === worst ? [best] : [best, worst];
}

/** The prompts of a step, each once. */
export interface Prompts {
  readonly step: number;
  readonly prompts: readonly string[];
}

/** Those of the step at work when all are known, or else of the last finished one, or else the first ones known. */
export function promptsOf({ current, finished }: Pick<GalleryView, "current" | "finished">): Prompts | null {
  const whole = [current, finished].find((step) => step && !step.groups.includes(null));
  const step = whole ?? current;
  const prompts = [...new Set(step?.groups.flatMap((group) => group?.drawn.prompt ?? []))];
  return step && prompts.length > 0 ? { step: step.step, prompts } : null;
}

/** The first and the newest drawing of a fixed prompt; the second is null until it is drawn again. */
export interface Change {
  readonly prompt: string;
  readonly before: Frame;
  readonly now: Frame | null;
}

/** @param step the newest step to look at; null looks at all */
export function changeOf(rows: readonly FilmstripRow[], step: number | null): Change | null {
  const row = rows[0];
  const before = row?.frames[0];
  if (!row || !before) return null;
  const now = row.frames.findLast((frame) => step === null || frame.step <= step) ?? before;
  return { prompt: row.prompt, before, now: now === before ? null : now };
}
