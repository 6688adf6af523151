/** Training prompts: what the reinforcement loop asks the model to draw, and what it then asks about the drawing. */
import type { Rng } from "../rng.ts";
import { askQuestion } from "./questions.ts";
import { type Metadata, TAGS, type Tag } from "./sentences.ts";
import { drawFromSplit, type Splits } from "./splits.ts";
import type { WorldSpec } from "./worldSpec.ts";

export interface TrainingPrompt {
  readonly metadata: Metadata;
  readonly question: string;
  readonly answer: string;
}

/**
 * Draws a training prompt and its template question: a tag uniformly, then a record of it that no split holds out.
 * @param tags what to choose the tag from
 */
export function drawTrainingPrompt(
  spec: WorldSpec,
  splits: Splits,
  rng: Rng,
  tags: readonly Tag[] = TAGS,
): TrainingPrompt {
  const metadata = drawFromSplit(spec, splits, "train", rng.pick(tags), rng);
  return { metadata, ...askQuestion(spec, metadata, "template", rng) };
}
