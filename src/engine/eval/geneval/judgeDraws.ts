/** Draws pictures and has an outside judge look at them, beside what the model says about them itself. */
import type { ImageCodes, UnifiedModel } from "../../models/unified.ts";
import type { Metadata } from "../../world/sentences.ts";
import { type EvalProgress, mapBatches } from "../batches.ts";
import { type AnsweredImage, type DrawSettings, drawAndAsk, type PlannedDraw } from "../drawAndAsk.ts";
import type { ObjectDetector } from "./detections.ts";
import { judgeImage, type Reason, type Verdict } from "./judgeImage.ts";

/** A drawn image, the model's own opinion of it, and the judge's. */
export interface JudgedImage extends AnsweredImage {
  readonly correct: boolean;
  /** One per clause that failed. */
  readonly reasons: readonly Reason[];
}

/** The model that draws and the detector that looks. */
export interface Contest {
  readonly model: UnifiedModel;
  readonly detector: ObjectDetector;
}

/**
 * Detects and judges images that are drawn already.
 * @returns in order
 * @throws EngineError("cancelled"), EngineError("badInput") as `judgeCodes`
 */
export function judgeImages(
  contest: Contest,
  images: readonly AnsweredImage[],
  progress: EvalProgress = {},
): Promise<JudgedImage[]> {
  return mapBatches(images, progress, async (batch) => {
    const verdicts = await judgeCodes(contest, batch);
    return batch.map((image, at): JudgedImage => {
      const { correct = false, reasons = [] } = verdicts[at] ?? {};
      return { ...image, correct, reasons };
    });
  });
}

export interface JudgeDrawsOptions extends EvalProgress, DrawSettings {
  /** Called with each finished batch, before the progress report: the place to save it. */
  readonly onJudged?: (images: readonly JudgedImage[]) => void;
}

/**
 * The judge's verdicts on images of the model's codes.
 * @returns in order
 * @throws EngineError("badInput") when the detector names no colour where one matters
 */
export async function judgeCodes(
  { model, detector }: Contest,
  images: readonly { readonly metadata: Metadata; readonly codes: ImageCodes }[],
): Promise<Verdict[]> {
  const pictures = await model.decodeImages(images.map(({ codes }) => codes));
  const detections = await detector.detect(pictures);
  return images.map(({ metadata }, at) => judgeImage(metadata, detections[at] ?? {}));
}

/**
 * Draws, asks the template question, detects and judges.
 * @returns one image per draw, in order
 * @throws EngineError("cancelled") within one decoding step; finished batches have been reported
 */
export function judgeDraws(
  contest: Contest,
  draws: readonly PlannedDraw[],
  options: JudgeDrawsOptions,
): Promise<JudgedImage[]> {
  return mapBatches(draws, options, async (batch) => {
    const judged = await judgeImages(
      contest,
      await drawAndAsk(contest.model, batch, options, options.signal),
    );
    options.onJudged?.(judged);
    return judged;
  });
}
