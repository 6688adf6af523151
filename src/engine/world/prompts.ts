/** Training prompts: what the reinforcement loop asks the model to draw, and what it then asks about the drawing. */
import type { Rng } from "../rng.ts";
import { askQuestion, type QuestionForm } from "./questions.ts";
import { type Metadata, TAGS } from "./sentences.ts";
import { drawFromSplit, type Splits } from "./splits.ts";
import type { WorldSpec } from "./worldSpec.ts";

export interface TrainingPrompt {
  readonly metadata: Metadata;
  readonly question: string;
  readonly answer: string;
}

/**
 * Draws a training prompt: a tag uniformly, then a record of it that no split holds out.
 * @param form wording of the question; the gold answer of all but "yesNo" is the tag's
 */
export function drawTrainingPrompt(
  spec: WorldSpec,
  splits: Splits,
  rng: Rng,
  form: QuestionForm = "template",
): TrainingPrompt {
  const metadata = drawFromSplit(spec, splits, "train", rng.pick(TAGS), rng);
  return { metadata, ...askQuestion(spec, metadata, form, rng) };
}
