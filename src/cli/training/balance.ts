/** The balance of drawing and understanding while a model is trained, from what an evaluation has drawn anyway. */
import {
  answerPool,
  type ConditionalAccuracy,
  drawingGivenUnderstanding,
  type EvalProgress,
  isExactAnswer,
  type JudgedImage,
  judgeDraws,
  type ObjectDetector,
  type PoolImage,
  planRedraw,
  type UnifiedModel,
} from "../../engine/index.ts";

/** Correct images of an earlier state, the first of each prompt. */
export function choosePool(images: readonly JudgedImage[]): PoolImage[] {
  const byPrompt = new Map<number, PoolImage>();
  for (const image of images) {
    if (image.correct && !byPrompt.has(image.promptIndex)) byPrompt.set(image.promptIndex, image);
  }
  return [...byPrompt.values()];
}

/** Who draws, who looks, and at which scale. */
export interface RedrawSetting extends EvalProgress {
  readonly model: UnifiedModel;
  readonly detector: ObjectDetector;
  readonly guidanceScale: number;
  /** Names the draws. */
  readonly seed: number;
}

/**
 * Acc(T2I|MMU) with the run's own base as the other state: one new image for each image of the pool that the model
 * answers exactly. @throws EngineError("cancelled")
 */
export async function redrawPool(
  pool: readonly PoolImage[],
  { model, detector, guidanceScale, seed, ...progress }: RedrawSetting,
): Promise<ConditionalAccuracy> {
  const answers = await answerPool(model, pool, progress);
  const answered = pool.map((image, at) => ({ ...image, answer: answers[at] ?? "" }));
  const draws = answered.flatMap((image, at) =>
    isExactAnswer(image.metadata, image.answer) ? [planRedraw(image, at, seed)] : [],
  );
  const settings = { ...model.generation, guidanceScale, ...progress };
  const redrawn = await judgeDraws({ model, detector }, draws, settings);
  const verdicts = new Map(redrawn.map(({ promptIndex, correct }) => [promptIndex, correct]));
  const outcomes = answered.map((image, at) => ({ ...image, redrawn: verdicts.get(at) ?? null }));
  return drawingGivenUnderstanding(outcomes, seed);
}
