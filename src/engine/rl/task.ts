/** What the loop passes around: tasks, their drawings, the answers, the rewards. Plain data. */
import type { Answer, ImageCodes } from "../models/unified.ts";

/** A prompt to draw, and a question about the drawing with its right answer. */
export interface Task {
  readonly metadata: { readonly tag: string; readonly prompt: string };
  readonly question: string;
  readonly answer: string;
  /** Other questions with the same right answer. */
  readonly moreQuestions?: readonly string[];
}

/** One point an answer could earn. */
export interface RewardPart {
  readonly label: string;
  readonly earned: number;
  readonly possible: number;
}

export interface Reward {
  /** 0 to 1. */
  readonly reward: number;
  readonly parts: readonly RewardPart[];
  /** The tag whose answers this one is shaped like, or "other". */
  readonly format?: string;
}

/** The G images of one prompt. */
export interface DrawnGroup<T extends Task = Task> {
  readonly task: T;
  /** [G] */
  readonly images: readonly ImageCodes[];
  /** [G][N] decoding step in which each code was decided. */
  readonly decidedAt: readonly Uint8Array[];
  /** [G] */
  readonly seeds: readonly string[];
}

/**
 * Looks at a step's images and their rewards from outside and teaches nothing.
 * @returns numbers to log beside the step's own
 */
export type Observe<T extends Task = Task> = (
  groups: readonly JudgedGroup<T>[],
) => Promise<Readonly<Record<string, number>>>;

/** A drawn group with the model's answers and their rewards, [G] each. */
export interface JudgedGroup<T extends Task = Task> extends DrawnGroup<T> {
  readonly answers: readonly Answer[];
  readonly rewards: readonly Reward[];
  /** Rewards of the starting model's answers, where it is asked too; `rewards` are the mix then. */
  readonly frozenRewards?: readonly number[];
}
