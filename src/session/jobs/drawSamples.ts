/** The engine's side of comparing weights: one prompt and seed drawn with each, and each image asked about. */
import {
  ANSWER_TOKENS,
  type Answer,
  decodeCheckpoint,
  readPrompt,
  TEMPLATE_QUESTIONS,
  type UnifiedModel,
  type WorldSpec,
  withCheckpoint,
} from "../../engine/index.ts";
import { answerProbability } from "../answerProbability.ts";
import type { DrawOrder } from "../ports.ts";

/** The question to ask: the one given, or the world's own for a prompt that it could have written. */
function chooseQuestion({ question, prompt }: DrawOrder, world: WorldSpec): string | null {
  if (question !== null) return question;
  const metadata = readPrompt(prompt, world);
  return metadata && TEMPLATE_QUESTIONS[metadata.tag];
}

/** @throws EngineError("cancelled") within one decoding step; EngineError("checkpointMismatch" | "checkpointCorrupt") */
export async function drawSamples(model: UnifiedModel, world: WorldSpec, order: DrawOrder): Promise<void> {
  const { weights, prompt, seed, signal, onDrawn } = order;
  const question = chooseQuestion(order, world);
  for (const [source, bytes] of weights.entries()) {
    const checkpoint = bytes && (await decodeCheckpoint(bytes));
    await withCheckpoint(model, checkpoint, async () => {
      const images = await model.drawImages({
        prompts: [prompt],
        seeds: [seed],
        ...model.generation,
        signal,
      });
      const [answer] = question === null ? [] : await ask(model, images, question, signal);
      const [image] = await model.decodeImages(images);
      if (!image) return;
      const probability = answer ? answerProbability(answer) : null;
      const step = checkpoint?.step ?? 0;
      onDrawn({ source, step, image, question, answer: answer?.text ?? null, probability });
    });
  }
}

function ask(
  model: UnifiedModel,
  images: readonly Int32Array[],
  question: string,
  signal: AbortSignal,
): Promise<Answer[]> {
  return model.answerQuestions({ images, questions: [question], maxTokens: ANSWER_TOKENS, signal });
}
