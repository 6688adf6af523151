/** Which detections of a class the judge believes. */
import type { Tag } from "../../world/sentences.ts";
import type { Detection, Detections } from "./detections.ts";

const MIN_SCORE = 0.3;
/** Counting must not take a half-seen double for one more object. */
const MIN_SCORE_COUNTING = 0.9;
const MAX_OBJECTS = 16;

/** The score that a detection must exceed to be believed; equal is not enough. */
export function minScoreOf(tag: Tag): number {
  return tag === "counting" ? MIN_SCORE_COUNTING : MIN_SCORE;
}

/**
 * The believed objects of a class, most confident first, at most 16. Overlapping boxes all stay: GenEval's removal of
 * overlaps is off by default.
 *
 * Source: djghosh13/geneval af4902f2, evaluation/evaluate_images.py `evaluate_image`. It leaves the order of equal
 * scores to numpy's sort, which promises none; here the later one goes first, as from a stable sort turned round.
 */
export function confidentObjects(detections: Detections, name: string, tag: Tag): Detection[] {
  const found = Object.hasOwn(detections, name) ? (detections[name] ?? []) : [];
  return found
    .filter(({ score }) => score > minScoreOf(tag))
    .reverse()
    .sort((a, b) => b.score - a.score)
    .slice(0, MAX_OBJECTS);
}
