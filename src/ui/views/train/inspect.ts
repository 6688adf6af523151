/** What is known of one image of a group, ready to be read. Pure. */
import type { EventOf } from "../../../protocol/events.ts";
import type { GroupView, StepView } from "../../stores/galleryStore.ts";
import { formatSigned } from "../../text/numbers.ts";

type RewardPart = EventOf<"groupJudged">["parts"][number][number];

/** One image, its own answer and what that earned. */
export interface Inspection {
  readonly step: number;
  readonly seed: string;
  readonly answer: string | null;
  readonly probability: number | null;
  readonly parts: readonly RewardPart[];
  readonly reward: number | null;
  readonly advantage: number | null;
  /** How the reward stands in its group, and what follows from it. */
  readonly verdict: string;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function describeVerdict({ judged, scored }: GroupView, at: number): string {
  const [reward, advantage] = [judged?.rewards[at], scored?.advantages[at]];
  if (!judged || reward === undefined) return "Not judged yet.";
  const average = mean(judged.rewards);
  const difference = formatSigned(reward - average);
  const stands = `The group earned ${average.toFixed(2)} on average; this image ${difference} against it.`;
  if (!scored || advantage === undefined) return stands;
  if (scored.isDead) return `${stands} All earned the same, so none of them teaches anything.`;
  if (advantage === 0) return `${stands} It is left as it is.`;
  return `${stands} Drawings like it become ${advantage > 0 ? "more" : "less"} likely.`;
}

/** @param at image of the group; null when there is no such image */
export function inspect(step: StepView, group: GroupView, at: number): Inspection | null {
  const { drawn, judged, scored } = group;
  const seed = drawn.seeds[at];
  if (seed === undefined) return null;
  return {
    step: step.step,
    seed,
    answer: judged?.answers[at] ?? null,
    probability: judged?.probabilities[at] ?? null,
    parts: judged?.parts[at] ?? [],
    reward: judged?.rewards[at] ?? null,
    advantage: scored?.advantages[at] ?? null,
    verdict: describeVerdict(group, at),
  };
}

/** The image `offset` places on, round the group. */
export function neighbour(at: number, offset: number, count: number): number {
  return (((at + offset) % count) + count) % count;
}
