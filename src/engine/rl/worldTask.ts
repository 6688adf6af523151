/** The loop's tasks and rewards in the emoji world: training prompts, and the keyword matcher as judge. */
import type { RunConfig } from "../config.ts";
import { answerFormat } from "../reward/answerFormat.ts";
import { matchAnswer } from "../reward/matchAnswer.ts";
import type { Rng } from "../rng.ts";
import { drawTrainingPrompt, type TrainingPrompt } from "../world/prompts.ts";
import { askQuestion } from "../world/questions.ts";
import { TAGS } from "../world/sentences.ts";
import type { Splits } from "../world/splits.ts";
import type { WorldSpec } from "../world/worldSpec.ts";
import type { Reward } from "./task.ts";

/** A training prompt with further questions that share its answer. */
export interface WorldTask extends TrainingPrompt {
  readonly moreQuestions: readonly string[];
}

/**
 * A source of training tasks for `TrainRun.drawTask`: of the kind asked for, never a held-out prompt; UniRL's template question, and a
 * paraphrase and a multiple-choice form for runs that ask more than once.
 */
export function createTaskSource(
  spec: WorldSpec,
  splits: Splits,
): (rng: Rng, config: Pick<RunConfig, "promptKind">) => WorldTask {
  return (rng, { promptKind }) => {
    const tags = promptKind === "all" ? TAGS : [promptKind];
    const prompt = drawTrainingPrompt(spec, splits, rng, tags);
    const moreQuestions = (["paraphrase", "choice"] as const).map(
      (form) => askQuestion(spec, prompt.metadata, form, rng.fork("question", form)).question,
    );
    return { ...prompt, moreQuestions };
  };
}

/** Rewards an answer to a prompt's question: satisfied attributes / all attributes of the gold answer. */
export function judgeAnswer(task: Pick<TrainingPrompt, "metadata">, answer: string): Reward {
  const { reward, parts } = matchAnswer(task.metadata, answer);
  return {
    reward,
    format: answerFormat(answer),
    parts: parts.map(({ label, expected, satisfied }) => ({
      label: `${label} ${expected}`,
      earned: satisfied ? 1 : 0,
      possible: 1,
    })),
  };
}
