/**
 * Does the model understand pictures? Share of exactly right greedy answers about rendered scenes, and the same with
 * the picture blanked or swapped: what is left then is guessing, not seeing.
 */
import type { ImageU8, UnifiedModel } from "../models/unified.ts";
import { isExactAnswer, matchAnswer } from "../reward/matchAnswer.ts";
import { answerOf, TAGS, type Tag } from "../world/sentences.ts";
import { type EvalProgress, mapBatches } from "./batches.ts";
import { type Estimate, estimateShare } from "./interval.ts";
import type { RenderedScene } from "./scenes.ts";

/** Longest answer asked for, in tokens; the world's longest gold answer has 11 words. */
const ANSWER_TOKENS = 20;

/** What the model is shown: the scene, its bare background, or another scene of the tag. */
export const SHOWN_IMAGES = ["real", "blanked", "swapped"] as const;
export type ShownImage = (typeof SHOWN_IMAGES)[number];

/** One answered question. */
export interface UnderstandingAnswer {
  readonly tag: Tag;
  readonly gold: string;
  readonly answer: string;
  readonly isExact: boolean;
  /** Partial credit, 0 to 1. */
  readonly reward: number;
  readonly isUnseenComposition: boolean;
}

export interface UnderstandingReport {
  readonly shown: ShownImage;
  /** Share of exact answers over all scenes. */
  readonly exact: Estimate;
  readonly exactByTag: Readonly<Record<Tag, Estimate>>;
  /** On compositions that training never showed. */
  readonly exactUnseen: Estimate;
  readonly answers: readonly UnderstandingAnswer[];
}

/** A picture of nothing but a scene's background. */
export function blankImage(scene: RenderedScene): ImageU8 {
  const { width, height, rgb } = scene.image;
  return { width, height, rgb: Uint8Array.from(rgb, (_, at) => scene.background[at % 3] ?? 255) };
}

/** The picture of the next scene of the same tag with another answer; its own when there is none. */
function swapImage(scenes: readonly RenderedScene[], index: number): ImageU8 {
  const own = scenes[index];
  if (!own) throw new RangeError(`there is no scene ${index}`);
  const gold = answerOf(own.metadata);
  for (let step = 1; step < scenes.length; step++) {
    const other = scenes[(index + step) % scenes.length];
    if (other?.metadata.tag === own.metadata.tag && answerOf(other.metadata) !== gold) return other.image;
  }
  return own.image;
}

function chooseImages(scenes: readonly RenderedScene[], shown: ShownImage): ImageU8[] {
  switch (shown) {
    case "real":
      return scenes.map(({ image }) => image);
    case "blanked":
      return scenes.map(blankImage);
    case "swapped":
      return scenes.map((_, index) => swapImage(scenes, index));
    default:
      throw new RangeError(`unknown ablation ${String(shown satisfies never)}`);
  }
}

function estimateExact(answers: readonly UnderstandingAnswer[]): Estimate {
  return estimateShare(answers.filter(({ isExact }) => isExact).length, answers.length);
}

/**
 * Asks each scene's template question, greedily.
 * @param scenes from `renderHeldOutScenes`
 * @throws EngineError("cancelled")
 */
export async function evaluateUnderstanding(
  model: UnifiedModel,
  scenes: readonly RenderedScene[],
  shown: ShownImage,
  progress: EvalProgress = {},
): Promise<UnderstandingReport> {
  const images = chooseImages(scenes, shown);
  const items = scenes.map((scene, index) => ({ scene, image: images[index] ?? scene.image }));
  const answers = await mapBatches(items, progress, async (batch) => {
    const codes = await model.encodeImages(batch.map(({ image }) => image));
    const questions = batch.map(({ scene }) => scene.question);
    const given = await model.answerQuestions({ images: codes, questions, maxTokens: ANSWER_TOKENS });
    return batch.map(({ scene }, index): UnderstandingAnswer => {
      const answer = given[index]?.text ?? "";
      return {
        tag: scene.metadata.tag,
        gold: answerOf(scene.metadata),
        answer,
        isExact: isExactAnswer(scene.metadata, answer),
        reward: matchAnswer(scene.metadata, answer).reward,
        isUnseenComposition: scene.isUnseenComposition,
      };
    });
  });
  const byTag = TAGS.map((tag) => [tag, estimateExact(answers.filter((answer) => answer.tag === tag))]);
  return {
    shown,
    exact: estimateExact(answers),
    exactByTag: Object.fromEntries(byTag),
    exactUnseen: estimateExact(answers.filter(({ isUnseenComposition }) => isUnseenComposition)),
    answers,
  };
}
